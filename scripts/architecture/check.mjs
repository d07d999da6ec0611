import { tokenize } from '../tokenize.mjs'
import { checkImports } from './check-imports.mjs'
import { checkLanguage } from './check-language.mjs'
import { checkLayers } from './check-layers.mjs'
import { checkSeams } from './check-seams.mjs'
import { packagesOf } from './tree.mjs'

/** @typedef {import('./tree.mjs').Tree} Tree */
/** @typedef {import('./finding.mjs').Finding} Finding */

/**
 * Checks what breaks the architecture when it slips: layers, declared and shallow imports, seams, and the few parts of the
 * language that hide things.
 *
 * @param {Tree} tree
 * @returns {Finding[]}  Empty when all is well.
 */
export function checkArchitecture(tree) {
  const packages = packagesOf(tree)
  const root = JSON.parse(tree.get('package.json') ?? '{}')
  const inSources = packages.flatMap(owner =>
    owner.sources.flatMap(source => {
      const tokens = tokenize(source.text)
      const code = tokens.filter(token => token.kind !== 'comment')
      return [...checkImports(owner, source, code, packages, root), ...checkSeams(owner, source, code), ...checkLanguage(source, tokens)]
    }),
  )
  return [...checkLayers(packages), ...inSources]
}
