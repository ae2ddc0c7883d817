import { client, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Beginning, ran } from './beginning.ts'
import { Script } from './script.ts'
import { endedRun, type Place, storedRun } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey }
})
afterAll(() => server.close())

type Options = Beginning['options']
const runOf = async (id: string, options: Options = {}, steps: Beginning['steps'] = []) => {
  const { stderr, done } = await ran({ options: { id, ...options }, steps }, env)
  return { stderr, done, run: await endedRun(place, id) }
}

describe('4.1 identity', () => {
  it('one string is one tag, with its spaces and commas (defect 3)', async () => {
    const { run } = await runOf('tagged', { tags: 'best, so far' })
    expect(run.tags).toEqual(['best, so far'])
    const { run: listed } = await runOf('listed', { tags: ['a', 'b', 'a'] })
    expect(listed.tags).toEqual(['a', 'b'])
  })

  it('a run is named by two words and a number of its project, unless it is told a name', async () => {
    const { run, done } = await runOf('unnamed')
    expect(run.displayName).toMatch(/^[a-z]+-[a-z]+-\d+$/)
    expect(done['name']).toBe(run.displayName)
    const { run: named } = await runOf('named', { name: 'a name', group: 'g', jobType: 'eval', notes: 'two\nlines' })
    expect(named).toMatchObject({ displayName: 'a name', group: 'g', jobType: 'eval', notes: 'two\nlines' })
  })

  it.each<[Options, RegExp]>([
    [{ id: 'a/b' }, /id: a run id must not contain any of/],
    [{ id: '' }, /id: a run id must not be empty/],
    [{ id: 'x'.repeat(65) }, /id: a run id has at most 64 characters/],
    [{ project: 'a:b' }, /project: a project name must not contain any of/],
    [{ project: 'x'.repeat(129) }, /project: a project name has at most 128 characters/],
    [{ tags: [''] }, /tags.*a tag must not be empty/],
    [{ tags: 'x'.repeat(65) }, /tags.*a tag has at most 64 characters/],
  ])('%j is refused by init() with what is wrong, and makes nothing', async (options, message) => {
    const { thrown } = await ran({ options: { id: 'refused', ...options } }, env)
    expect(thrown).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringMatching(message) })
    expect(await storedRun(place, 'refused')).toBeUndefined()
  })
})

describe('2.1 and 2.2 definitions', () => {
  const definitionsOf = async (id: string, steps: Beginning['steps']) => {
    await runOf(id, {}, steps)
    const address = { organization: place.organization, project: 'demo', run: id }
    const { definitions } = await client(place).metrics.byRun.query(address)
    return definitions
  }

  it('summary operations may be a list or a text with commas, in any case', async () => {
    const [list, text] = await definitionsOf('operations', [
      { define: ['list', { summary: ['min', 'last'] }] },
      { define: ['text', { summary: 'MIN, last' }] },
    ])
    expect(list?.summary).toEqual(['min', 'last'])
    expect(text?.summary).toEqual(['min', 'last'])
  })

  it('later calls are merged field by field, and put in the place of earlier ones by overwrite', async () => {
    const [merged, replaced] = await definitionsOf('merged', [
      { define: ['merged', { summary: 'min', hidden: true, stepMetric: 'a', goal: 'minimize' }] },
      { define: ['merged', { summary: 'max', hidden: false, stepMetric: 'b' }] },
      { define: ['replaced', { summary: 'min', hidden: true, stepMetric: 'a' }] },
      { define: ['replaced', { summary: 'max', overwrite: true }] },
    ])
    expect(merged).toMatchObject({ summary: ['min', 'max'], hidden: false, stepMetric: 'b', goal: 'minimize' })
    expect(replaced?.summary).toEqual(['max'])
    expect([replaced?.hidden ?? null, replaced?.stepMetric ?? null]).toEqual([null, null])
  })

  it('best follows the goal, copy is the last value', async () => {
    const { run } = await runOf('best', {}, [
      { define: ['up', { summary: 'best', goal: 'max' }] },
      { define: ['down', { summary: 'best', goal: 'minimize' }] },
      { define: ['copied', { summary: 'copy' }] },
      { log: [{ up: 1, down: 1, copied: 1 }] },
      { log: [{ up: 3, down: 3, copied: 3 }] },
      { log: [{ up: 2, down: 2, copied: 2 }] },
    ])
    expect(run.summary).toEqual({ up: { best: 3 }, down: { best: 1 }, copied: 2 })
  })

  it.each([
    ['', {}],
    ['*a', {}],
    ['a*b', {}],
    ['a**', {}],
    ['a', { summary: 'median' }],
    ['a', { goal: 'up' }],
    ['a', { stepMetric: 7 }],
    ['a', { hidden: 'yes' }],
  ])('%j with %j is refused and changes nothing', async (name, options) => {
    const { code, stderr } = await ran({ options: {}, steps: [{ define: [name, options] }] }, env)
    expect(code).toBe(1)
    expect(stderr).toMatch(/BAD_REQUEST|defineMetric/)
  })
})

describe('1.7 sizes', () => {
  it('a row over the limit is told and left out; what is logged beside it is there', async () => {
    await using script = new Script('long-row.mjs', [String(10.5 * 1024 * 1024)], env)
    expect(await script.exit()).toBe(0)
    expect(script.stderr.match(/longer than a row may be/g)).toHaveLength(1)
    const run = await endedRun(place, 'long-row')
    expect(run).toMatchObject({ state: 'finished', summary: { before: 1, after: 2 } })
    expect(run.summary).not.toHaveProperty('text')
  })
})
