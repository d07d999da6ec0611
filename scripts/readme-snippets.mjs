// Compiles and runs every README's programs as a user would: against what is built, with the types that are published. A fence
// that opens with `ts run` or `js run` holds a whole program; `ts fragment` is an excerpt; anything else in ts or js is refused,
// so that no snippet goes untested by accident.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main } from './main.mjs'
import { root } from './root.mjs'
import { run } from './run.mjs'
import { snippetsIn } from './snippets/extract.mjs'

/** A snippet is a first impression: it also has to be over before the reader loses patience. */
const LIMIT_MS = 60_000

// Inside the repository, so that the packages are found by their names.
const folder = join(root, 'node_modules/.cache/logwerk/snippets')

main(() => {
  const snippets = readmes().flatMap(readme => snippetsIn(readme, readFileSync(join(root, readme), 'utf8')))
  for (const { readme, line, language, mode } of snippets) {
    if (mode === null)
      throw new Error(`${readme}:${line}: say whether this is a program (\`${language} run\`) or an excerpt (\`${language} fragment\`)`)
  }
  const programs = snippets.filter(({ mode }) => mode === 'run').map((snippet, index) => ({ ...snippet, name: `snippet-${index + 1}` }))
  if (programs.length === 0) throw new Error('no README has a snippet to run (a fence that opens with `ts run`)')
  rmSync(folder, { recursive: true, force: true })
  for (const { name, language, code } of programs) write(name, `main.${language}`, code)
  write('.', 'package.json', '{ "type": "module" }')
  compile(programs)
  const failed = programs.filter(program => !passes(program))
  console.log(`${programs.length - failed.length} snippets ran, ${failed.length} failed`)
  if (failed.length > 0) process.exitCode = 1
})

/** @typedef {import('./snippets/extract.mjs').Snippet & { name: string }} Program */

/** @returns {string[]} Paths from the root. */
function readmes() {
  const below = ['packages', 'examples'].flatMap(parent => {
    return existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map(name => `${parent}/${name}/README.md`) : []
  })
  return ['README.md', ...below].filter(path => existsSync(join(root, path)))
}

/**
 * @param {string} name
 * @param {string} file
 * @param {string} text
 */
function write(name, file, text) {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, file), text)
}

/**
 * All at once: starting the compiler takes longer than a snippet.
 *
 * @param {Program[]} programs
 */
function compile(programs) {
  const files = programs.filter(({ language }) => language === 'ts').map(({ name }) => `${name}/main.ts`)
  if (files.length === 0) return
  const options = {
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    noEmitOnError: true,
    rootDir: '.',
    typeRoots: [join(root, 'node_modules/@types')],
  }
  write('.', 'tsconfig.json', JSON.stringify({ extends: join(root, 'tsconfig.base.json'), files, compilerOptions: options }))
  // An error names snippet-N/main.ts: say which fence that is.
  for (const { name, readme, line } of programs) console.log(`${name}: ${readme}:${line}`)
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
}

/** @param {Program} program */
function passes({ name, readme, line }) {
  const began = performance.now()
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['main.js'], {
    cwd: join(folder, name),
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  })
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  if (status === 0) console.log(`ok    ${seconds} s  ${readme}:${line}`)
  else console.error(`FAIL  ${seconds} s  ${readme}:${line} ended with ${signal ?? `exit code ${status}`}\n${stdout}${stderr}`)
  return status === 0
}
