import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MetricStore } from '../src/index.ts'
import { protect } from '../src/user-sql/protection.ts'
import { hostileQueries, hostileWords } from './hostile-queries.ts'
import { addPoints, marker, over, secretValue, type TestProject, testProject } from './sql-fixture.ts'
import { engines, type TestStore } from './stores.ts'

/** What a query may be told: nothing of the machine, of the store's own names, or of others. */
const insides = /\/(?:tmp|home|root|var|etc|usr)\/|kiroku\.|MARKER|987654321|[0-9a-f]{8}-[0-9a-f]{4}-|DB::|Stack|\n/
const codes = ['BAD_REQUEST', 'TOO_LARGE', 'UNAVAILABLE']

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`a hostile query on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore
    let own: TestProject
    let other: TestProject
    let secretFile: string

    beforeAll(async () => {
      opened = await open()
      store = opened.store
      own = testProject()
      other = testProject()
      for (const { project, add } of [other, own]) {
        const isOwn = project === own.project
        const text = isOwn ? 'mine' : marker
        const run = add({ run: isOwn ? 'mine' : marker, name: text, config: { secret: text }, tags: [text] })
        await addPoints(store, { project, run, metric: isOwn ? 'loss' : marker }, [isOwn ? 1 : secretValue])
        await addPoints(store, { project, run, metric: 'shared' }, [isOwn ? 1 : secretValue])
        const line = {
          project,
          run,
          version: 1,
          writer: run,
          label: text,
          line: 0,
          stream: 'stdout',
          time: 0,
          text,
        } as const
        await store.insert([], [{ project, run, version: 1, metric: text, step: 0, time: 0, value: text }], [line])
      }
      secretFile = join(opened.directory, 'secret.csv')
      writeFileSync(secretFile, `${marker}\n`)
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const fill = (query: string): string =>
      query
        .replaceAll('SECRET_FILE', secretFile)
        .replaceAll('OTHER_PROJECT', other.project)
        .replaceAll('OWN_PROJECT', own.project)

    /** What came of a query: its answer as text, or the code of its refusal, whose message must be fit for a stranger. */
    const outcome = async (query: string): Promise<string> => {
      try {
        return JSON.stringify(await over(store, own, query))
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(new RegExp(`^(${codes.join('|')})$`)) })
        const message = error instanceof Error ? error.message : ''
        // What a query says itself may come back to it; longer words first, as a shorter one may be a part of them.
        const words = [...(query.match(/[\w-]+/g) ?? [])].sort((one, other) => other.length - one.length)
        expect(words.reduce((rest, word) => rest.replaceAll(word, ''), message)).not.toMatch(insides)
        return 'refused'
      }
    }

    test('would be found out: the marker comes for those who may see it', async () => {
      for (const query of [
        'SELECT * FROM runs',
        'SELECT * FROM texts',
        'SELECT * FROM console',
        'SELECT * FROM points',
      ])
        expect(JSON.stringify(await over(store, other, query))).toContain(marker)
      expect(JSON.stringify(await over(store, own, 'SELECT * FROM runs'))).toContain('mine')
    })

    test('that came past every check would still see no row of others', async () => {
      const engine = await opened.openEngine()
      try {
        const { settings } = await protect(engine, own.project, undefined)
        const run = async (sql: string): Promise<string> =>
          new TextDecoder().decode(
            await engine.untrusted({
              mark: '',
              sql,
              format: 'JSONEachRow',
              settings,
              maxBytes: 1e6,
              signal: undefined,
            }),
          )
        for (const table of ['points', 'texts', 'console'])
          expect(
            await run(`SELECT uniq(project) AS n, count() > 0 AS any FROM kiroku.${table} FORMAT JSONEachRow`),
          ).toBe('{"n":"1","any":1}\n')
        // A server of a cluster has its own rows beside.
        const database = kind === 'cluster' ? 'kiroku_local' : 'kiroku'
        expect(await run(`SELECT count() AS n FROM ${database}.migrations FORMAT JSONEachRow`)).toBe('{"n":"0"}\n')
        expect(
          await run(`SELECT countIf(value = ${secretValue}) AS n FROM ${database}.points FORMAT JSONEachRow`),
        ).toBe('{"n":"0"}\n')
        for (const sql of [
          `SELECT * FROM file('${secretFile}', LineAsString)`,
          "SELECT * FROM remote('127.0.0.1', kiroku.points)",
          'SELECT 1 SETTINGS readonly = 0',
          'SELECT 1 SETTINGS additional_table_filters = {}',
          'SET readonly = 0',
          'DROP TABLE kiroku.points',
          'CREATE TABLE kiroku.x (a UInt8) ENGINE = Memory',
          'CREATE TEMPORARY TABLE x (a UInt8)',
          'INSERT INTO kiroku.points SELECT * FROM kiroku.points',
          'ALTER TABLE kiroku.points DELETE WHERE 1',
        ])
          await expect(run(sql)).rejects.toThrow(/readonly|READONLY|privileges/)
      } finally {
        await engine.close()
      }
    })

    test.each(hostileQueries.refused)('is refused: %s', async (query) => {
      expect(await outcome(fill(query))).toBe('refused')
    })

    test.each(hostileQueries.harmless)('finds nothing: %s', async (query) => {
      const answer = await outcome(fill(query))
      expect(answer).not.toBe('refused')
      expect(answer).not.toContain(marker)
      expect(answer).not.toContain('987654321')
    })

    test('may hear its own words again', async () => {
      expect(await outcome(fill("SELECT points OR 1=1 'OTHER_PROJECT' points FROM points"))).toBe('refused')
    })

    test('put together of any words finds nothing', { timeout: 240_000 }, async () => {
      const words = fc.array(fc.constantFrom(...hostileWords), { minLength: 1, maxLength: 12 })
      const shapes = fc.constantFrom(
        (text: string) => `SELECT * FROM points ${text}`,
        (text: string) => `SELECT ${text} FROM points`,
        (text: string) => `SELECT * FROM ${text}`,
        (text: string) => `WITH ${text} SELECT * FROM points`,
        (text: string) => text,
      )
      await fc.assert(
        fc.asyncProperty(words, shapes, fc.constantFrom(' ', '\n', '/**/', ''), async (list, shape, glue) => {
          const answer = await outcome(fill(shape(list.join(glue))))
          expect(answer.replaceAll(marker, (found) => (list.join('').includes(found) ? '' : found))).not.toContain(
            marker,
          )
          expect(answer).not.toContain('987654321')
        }),
        { numRuns: 300 },
      )
    })
  })
}
