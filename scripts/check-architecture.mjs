// Fails when a layer, an import, a seam or the language's bans are violated: ARCHITECTURE.md, "Layers" and D1.
import { checkArchitecture } from './architecture/check.mjs'
import { formatFinding } from './architecture/finding.mjs'
import { packagesOf, readTree } from './architecture/tree.mjs'
import { root } from './root.mjs'

const tree = readTree(root)
const findings = checkArchitecture(tree)
for (const finding of findings) console.error(formatFinding(finding))
console.log(
  `${packagesOf(tree).length} packages, ${tree.size} files: ${findings.length === 0 ? 'the architecture holds' : `${findings.length} findings`}`,
)
process.exitCode = findings.length === 0 ? 0 : 1
