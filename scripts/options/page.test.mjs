import { expect, test } from 'vitest'
import { optionsPage } from './page.mjs'

/** @param {string} doc */
const option = doc => ({ kind: 'integer', doc, complaint: () => null })

/** @param {Readonly<Record<string, unknown>>} table */
const describe = table =>
  Object.entries(/** @type {Readonly<Record<string, { doc: string }>>} */ (table)).map(([name, { doc }]) => ({
    name,
    default: '1',
    unit: 'a | b',
    range: 'from 0',
    kafkaKey: doc,
    doc,
  }))

test('every table that is exported has a section, and what it shares with another one stands there only', () => {
  const shared = { idle: option('idle.ms') }
  const page = optionsPage(
    [
      {
        name: '@x/producer',
        exports: { producerConfig: { ...shared, own: option('') }, createProducer: () => {}, list: [option('')], empty: {} },
      },
      { name: '@x/client', exports: { clientConfig: shared, limits: { idle: 5 }, nothing: null } },
    ],
    describe,
  )
  expect(page.slice(page.indexOf('\n## '))).toBe(`
## \`clientConfig\` of \`@x/client\`

| option | default | unit | range | in Kafka | |
|---|---|---|---|---|---|
| \`idle\` | \`1\` | a \\| b | from 0 | \`idle.ms\` | idle.ms |

## \`producerConfig\` of \`@x/producer\`

All of \`clientConfig\` of \`@x/client\`, and:

| option | default | unit | range | in Kafka | |
|---|---|---|---|---|---|
| \`own\` | \`1\` | a \\| b | from 0 |  |  |
`)
})
