import { expect, test } from 'vitest'
import { withRepository } from './repository.mjs'

test('a package names the repository and the folder that it is published from', () => {
  const environment = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'owner/name' }
  expect(withRepository({ name: '@logwerk/x' }, 'packages/x', environment)).toEqual({
    name: '@logwerk/x',
    repository: { type: 'git', url: 'git+https://github.com/owner/name.git', directory: 'packages/x' },
  })
})

test('nothing is released from elsewhere', () => {
  expect(() => withRepository({}, 'packages/x', { GITHUB_REPOSITORY: '' })).toThrow('a release is made by the release workflow')
})
