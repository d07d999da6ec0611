/** A command line, an environment variable or a file of options that does not fit: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** The command whose help to read, without the program's name: "topics create"; empty for the program itself. */
  readonly command: string

  constructor(message: string, command = '') {
    super(message)
    this.command = command
  }
}
