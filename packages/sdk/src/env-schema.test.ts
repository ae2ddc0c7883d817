import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { environmentTable, envSchema } from './env-schema.ts'

const path = join(import.meta.dirname, '..', '..', '..', 'docs', 'environment.md')
const place = /(<!-- environment -->\n)[\s\S]*?(<!-- \/environment -->)/

describe('8 environment', () => {
  it('says of each variable what it means', () => {
    const untold = Object.entries(envSchema.shape).filter(([, { description }]) => !description)
    expect(untold.map(([name]) => name)).toEqual([])
  })

  it.each(['0.01', 'often'])('says how often the machine can be looked at, not %s', (given) => {
    const { error } = envSchema.safeParse({ KIROKU_STATS_SAMPLE_SECONDS: given })
    expect(error?.issues.map(({ message }) => message)).toEqual(['expected a number of seconds, 0.1 or more'])
  })

  // `npx vitest run --project unit packages/sdk/src/env-schema.test.ts -u` writes the table anew.
  it('is in the documentation as the schema has it', async () => {
    const page = readFileSync(path, 'utf8')
    expect(page).toMatch(place)
    await expect(page.replace(place, (_, from, to) => `${from}${environmentTable()}\n${to}`)).toMatchFileSnapshot(path)
  })
})
