/** The simulation cannot go on, or was asked for something that it does not have. The message names the seed: with it, it happens again. */
export class SimulationError extends Error {
  override readonly name: string = 'SimulationError'
  readonly seed: number

  constructor(seed: number, message: string, cause?: unknown) {
    super(`${message} (seed ${seed})`, cause === undefined ? undefined : { cause })
    this.seed = seed
  }
}

/**
 * What a file operation throws in a process that has just been crashed or killed: code that is still running when its machine loses power
 * cannot be stopped otherwise. It is no failure of the code under test; nothing that the process schedules runs any more.
 */
export class SimulatedCrash extends SimulationError {
  override readonly name: string = 'SimulatedCrash'
}
