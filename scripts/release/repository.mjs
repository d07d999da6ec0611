/**
 * A package.json that says where its sources are.
 *
 * @param {object} json
 * @param {string} directory  Of the package, in the repository.
 * @param {Readonly<Record<string, string | undefined>>} environment  Of a GitHub workflow.
 * @returns {object}
 * @throws {Error} Outside a workflow.
 */
export function withRepository(json, directory, environment) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = environment
  if (!server || !repository) throw new Error('a release is made by the release workflow, from main: merge its pull request')
  return { ...json, repository: { type: 'git', url: `git+${server}/${repository}.git`, directory } }
}
