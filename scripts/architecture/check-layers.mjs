import { folderOf, LAYERS, layerOf, PRIVATE } from './layers.mjs'

/** @typedef {import('./tree.mjs').Package} Package */
/** @typedef {import('./finding.mjs').Finding} Finding */

/**
 * Every package is in the table, and every arrow of every package.json points to a lower layer. An arrow counts whatever kind
 * of dependency it is: a devDependency is enough to make the build graph cyclic.
 *
 * @param {Package[]} packages
 * @returns {Finding[]}
 */
export function checkLayers(packages) {
  return packages.flatMap(one => {
    const path = `${one.path}/package.json`
    const place = checkPlace(one)
    return [
      ...(place === null ? [] : [{ path, ...place }]),
      ...arrowsOf(one).flatMap(to => checkArrow(one, to).map(found => ({ path, ...found }))),
    ]
  })
}

/**
 * @param {Package} one
 * @returns {{ rule: string, message: string } | null}
 */
function checkPlace({ example, folder, json }) {
  if (example) return json.private === true ? null : { rule: 'private', message: `example ${folder} must be private` }
  if (layerOf(folder) < 0 && !PRIVATE.includes(folder)) {
    return {
      rule: 'unknown-package',
      message: `package ${folder} has no layer: give it one in scripts/architecture/layers.mjs and ARCHITECTURE.md`,
    }
  }
  if (json.name === undefined || folderOf(json.name) !== folder) {
    return { rule: 'name', message: `the package in packages/${folder} is named ${json.name}; folder and name must agree` }
  }
  const isPrivate = PRIVATE.includes(folder)
  if ((json.private === true) === isPrivate) return null
  return {
    rule: 'private',
    message: isPrivate ? `package ${folder} must be private` : `package ${folder} is published, so it must not be private`,
  }
}

/**
 * @param {Package} one
 * @returns {string[]}  Folders of our own packages that it depends on.
 */
function arrowsOf({ json }) {
  const names = [json.dependencies, json.devDependencies, json.peerDependencies, json.optionalDependencies].flatMap(some =>
    Object.keys(some ?? {}),
  )
  return [...new Set(names)].map(folderOf).filter(folder => folder !== null)
}

/**
 * @param {Package} from
 * @param {string} to
 * @returns {{ rule: string, message: string }[]}
 */
function checkArrow(from, to) {
  if (PRIVATE.includes(to)) return [{ rule: 'layer', message: `${from.folder} depends on ${to}, which is private: nothing may import it` }]
  const toLayer = layerOf(to)
  if (toLayer < 0) return [{ rule: 'layer', message: `${from.folder} depends on ${to}, which is not a package of the table` }]
  const fromLayer = from.example || PRIVATE.includes(from.folder) ? LAYERS.length : layerOf(from.folder)
  // A package without a layer is reported once, for itself.
  if (fromLayer < 0 || toLayer < fromLayer) return []
  const direction = toLayer === fromLayer ? 'sideways' : 'up'
  const way = 'take a structural interface declared in a lower layer instead'
  return [{ rule: 'layer', message: `${from.folder} (L${fromLayer}) depends ${direction} on ${to} (L${toLayer}): ${way}` }]
}
