// Fails unless what npm would publish of each package is exactly its built files, its sources, its command, its README and the licence:
// everything the exports map points to, no test, and nothing in dist that has no source any more.
import { main } from './main.mjs'
import { publicPackages } from './public-packages.mjs'
import { askNpm } from './run.mjs'

main(() => {
  const packages = publicPackages()
  const packed = JSON.parse(askNpm(['pack', '--dry-run', '--json', '--ignore-scripts', ...packages.flatMap(({ name }) => ['-w', name])]))
  let faults = 0
  for (const one of packages) {
    const tarball = packed.find((/** @type {{ name: string }} */ { name }) => name === one.name)
    const paths = new Set(tarball?.files.map((/** @type {{ path: string }} */ { path }) => path))
    const found = [...missing(one, paths), ...[...paths].flatMap(path => fault(one, path, paths))]
    for (const message of found) console.error(`${one.name}: ${message}`)
    faults += found.length
  }
  console.log(`${packages.length} packages: ${faults === 0 ? 'the tarballs hold what they should' : `${faults} faults`}`)
  process.exitCode = faults === 0 ? 0 : 1
})

/**
 * @param {import('./public-packages.mjs').PublicPackage} one
 * @param {Set<string>} paths
 * @returns {string[]}
 */
function missing(one, paths) {
  const targets = Object.values(one.exports).flatMap(target => (typeof target === 'string' ? [target] : Object.values(target)))
  return [
    ...[...targets, ...one.bin]
      .filter(target => !paths.has(target.replace('./', '')))
      .map(target => `package.json points to ${target}, which is not in the tarball`),
    ...['README.md', 'LICENSE'].filter(name => !paths.has(name)).map(name => `${name} is not in the tarball`),
  ]
}

/**
 * @param {import('./public-packages.mjs').PublicPackage} one
 * @param {string} path
 * @param {Set<string>} paths
 * @returns {string[]}
 */
function fault({ bin }, path, paths) {
  const [folder] = path.split('/')
  if (/\.test(-[a-z]+)?\./.test(path)) return [`${path} is a test and would be published`]
  if (folder === 'src') return path.endsWith('.ts') && !paths.has(built(path)) ? [`${path} has no ${built(path)}: build first`] : []
  if (folder === 'dist') {
    const source = path.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
    return paths.has(source) ? [] : [`${path} has no source any more: node scripts/clean-build.mjs`]
  }
  if (/^(package\.json|(README|LICENSE|NOTICE|CHANGELOG)(\.md)?)$/.test(path)) return []
  if (bin.includes(`./${path}`)) return []
  return [`${path} is neither dist, src nor a command`]
}

/** @param {string} source */
function built(source) {
  return source.replace(/^src/, 'dist').replace(/\.ts$/, '.js')
}
