import { randomUUID } from 'node:crypto'
import { KirokuError } from '@kiroku/core/errors'
import { sqlErrorDetailsSchema } from '@kiroku/core/sql'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'
import type { MetricStore } from '../src/index.ts'
import { addPoints, over, type TestProject, testProject } from './sql-fixture.ts'
import { engines, type TestStore } from './stores.ts'

for (const { kind, open, isMissing } of engines) {
  describe.skipIf(isMissing)(`SQL for users on the ${kind} engine`, () => {
    let opened: TestStore
    let store: MetricStore
    let own: TestProject

    beforeAll(async () => {
      opened = await open()
      store = opened.store
      own = testProject()
      const config = { lr: 0.1, model: { depth: 3, name: 'vit' }, seed: 7 }
      const a = own.add({
        run: 'a',
        group: 'g',
        tags: ['x', 'y'],
        config,
        summary: { 'val/loss': 0.5, 'loss.min': 0.25 },
      })
      const b = own.add({
        run: 'b',
        group: 'g',
        config: { ...config, lr: 0.01 },
        summary: { 'val/loss': { $n: 'NaN' } },
      })
      const c = own.add({ run: 'c', config: { lr: 1, seed: 'none' } })
      await addPoints(store, { project: own.project, run: a }, [3, 2, 1])
      await addPoints(store, { project: own.project, run: b }, [4, Number.NaN, 0.1])
      await addPoints(store, { project: own.project, run: c, metric: 'edge' }, [
        Infinity,
        -Infinity,
        -0,
        5e-324,
        2 ** 60,
      ])
      await store.insert(
        [],
        [{ project: own.project, run: a, version: 1, metric: 'note', step: 2, time: 5, value: 'a "word"' }],
        [
          {
            project: own.project,
            run: a,
            version: 1,
            writer: a,
            label: null,
            line: 0,
            stream: 'stdout',
            time: 7,
            text: 'hi',
          },
        ],
      )
    })

    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const rows = async (query: string) => (await over(store, own, query)).rows

    test.each<[string, unknown[][]]>([
      [
        "SELECT run, value FROM points WHERE metric = 'loss' AND run = 'a' ORDER BY step DESC",
        [
          ['a', 1],
          ['a', 2],
          ['a', 3],
        ],
      ],
      [
        "select run, min(value) as best from points where metric = 'loss' group by run order by run",
        [
          ['a', 1],
          ['b', 0.1],
        ],
      ],
      ['SELECT count() FROM points; ', [['11']]],
      ['SELECT run FROM runs ORDER BY config.lr DESC', [['c'], ['a'], ['b']]],
      [
        'SELECT avg(r.config.lr) > 0.3, max(config.model.depth), any(config.model.name) FROM runs AS r',
        [[1, 3, 'vit']],
      ],
      [
        'SELECT run, config.seed FROM runs ORDER BY run',
        [
          ['a', '7'],
          ['b', '7'],
          ['c', 'none'],
        ],
      ],
      [
        'SELECT run, summary."val/loss", `summary.loss.min` FROM runs ORDER BY run',
        [
          ['a', 0.5, 0.25],
          ['b', { $n: 'NaN' }, null],
          ['c', null, null],
        ],
      ],
      ["SELECT tags, has(tags, 'x') FROM runs WHERE notEmpty(tags)", [[['x', 'y'], 1]]],
      [
        'SELECT group, count() AS n FROM runs GROUP BY group ORDER BY n',
        [
          [null, '1'],
          ['g', '2'],
        ],
      ],
      [
        "SELECT p.run, r.group, argMin(p.step, p.value) FROM points p JOIN runs r ON r.run = p.run WHERE p.metric = 'loss' AND isFinite(p.value) GROUP BY ALL ORDER BY 1",
        [
          ['a', 'g', '2'],
          ['b', 'g', '2'],
        ],
      ],
      [
        "SELECT r.run, p.value FROM runs r LEFT JOIN points p ON p.run = r.run AND p.metric = 'loss' AND p.step = 0 ORDER BY 1",
        [
          ['a', 3],
          ['b', 4],
          ['c', null],
        ],
      ],
      [
        "WITH best AS (SELECT run, min(value) AS v FROM points WHERE metric = 'loss' GROUP BY run) SELECT run FROM best WHERE v < 0.5",
        [['b']],
      ],
      [
        "SELECT value FROM points WHERE metric = 'edge' ORDER BY step",
        [[{ $n: 'Infinity' }], [{ $n: '-Infinity' }], [-0], [5e-324], [2 ** 60]],
      ],
      ["SELECT groupArray(value) FROM points WHERE run = 'b'", [[[4, { $n: 'NaN' }, 0.1]]]],
      [
        "SELECT step, avg(value) OVER (ORDER BY step ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m FROM points WHERE run = 'a' ORDER BY step",
        [
          ['0', 3],
          ['1', 2.5],
          ['2', 1.5],
        ],
      ],
      ['SELECT run, step, JSONExtractString(value) FROM texts', [['a', '2', 'a "word"']]],
      ['SELECT run, line, stream, text FROM console', [['a', '0', 'stdout', 'hi']]],
      [
        "SELECT time, toTypeName(time) FROM points WHERE run = 'a' AND step = 1",
        [['2023-11-14 22:13:20.001', "DateTime64(3, 'UTC')"]],
      ],
      ['SELECT 1 AS n UNION ALL SELECT 2', [[1], [2]]],
      ['SELECT number FROM numbers(3)', [['0'], ['1'], ['2']]],
      ["SELECT run FROM runs WHERE run IN (SELECT run FROM points WHERE value > 3.5 AND metric = 'loss')", [['b']]],
      [
        "SELECT 'it''s -- no comment', \"run\" /* one */ FROM runs -- the end\nWHERE run = 'a'",
        [["it's -- no comment", 'a']],
      ],
      [
        "SELECT count(DISTINCT metric), sum(value) FILTER (WHERE metric = 'loss' AND run = 'a') FROM points",
        [['2', 6]],
      ],
      [
        "SELECT CASE WHEN config.lr > 0.5 THEN 'high' ELSE 'low' END AS kind, count() FROM runs GROUP BY kind ORDER BY kind",
        [
          ['high', '1'],
          ['low', '2'],
        ],
      ],
      [
        'SELECT run, x FROM runs ARRAY JOIN tags AS x ORDER BY x',
        [
          ['a', 'x'],
          ['a', 'y'],
        ],
      ],
      [
        "SELECT (1, 'a'), map('k', 1.5), interval 3 day, tags[1], (1, 2).2, dateDiff('second', created_at, started_at) FROM (SELECT * FROM runs WHERE run = 'a')",
        [[[1, 'a'], { k: 1.5 }, '3', 'x', 2, '0']],
      ],
    ])('%s', async (query, expected) => {
      expect(await rows(query)).toEqual(expected)
    })

    test('tells the names and types of columns, and twice one name when it is asked for twice', async () => {
      const { columns, rows: found } = await over(
        store,
        own,
        'SELECT count() AS n, max(1.5), max(1.5), config.lr FROM runs GROUP BY config.lr',
      )
      expect(columns).toEqual([
        { name: 'n', type: 'UInt64' },
        { name: 'max(1.5)', type: 'Float64' },
        { name: 'max(1.5)', type: 'Float64' },
        { name: 'config.lr', type: 'Nullable(Float64)' },
      ])
      expect(found).toHaveLength(3)
    })

    test('gives a function that asks for * all columns, and count(*) its rows', async () => {
      const ofPoints = "SELECT uniqExact(*), count(*), COUNT (*) FROM points WHERE metric IN ('loss', 'edge')"
      expect(await rows(ofPoints)).toEqual([['11', '11', '11']])
      expect(await rows("SELECT position(toString(tuple(*)), 'depth') > 0 FROM runs WHERE run = 'a'")).toEqual([[1]])
    })

    test('finds nothing in a project without runs', async () => {
      const empty = testProject()
      for (const table of ['points', 'runs', 'texts', 'console'])
        expect((await over(store, empty, `SELECT * FROM ${table}`)).rows).toEqual([])
    })

    test('keeps the order of rows, shows the first 10 000 and says that there are more', async () => {
      const most = await over(store, own, 'SELECT number FROM numbers(20000) ORDER BY number DESC')
      expect(most.hasMore).toBe(true)
      expect(most.rows).toHaveLength(10_000)
      expect(most.rows.map(([number]) => Number(number))).toEqual(
        Array.from({ length: 10_000 }, (_, index) => 19_999 - index),
      )
      expect((await over(store, own, 'SELECT number FROM numbers(10000)')).hasMore).toBe(false)
    })

    test.each<[string, string, string | RegExp]>([
      ['SELECT vlaue FROM points', 'vlaue', 'Unknown expression identifier `vlaue`; did you mean value?'],
      ['SELECT value FRM points', 'points', /^syntax error at points/],
      ["SELECT * FROM points 'a\nb'", "'a\nb'", /^syntax error at 'a b'/],
      ['SELECT value FROM', '', 'the query ends too early'],
      ['SELECT value FROM point', 'point', 'there is no table point: the tables are points, runs, texts, console'],
      ['SELECT runs.config.lrr FROM runs', 'lrr', 'no run of this project has `config.lrr`'],
      ["SELECT file('x') FROM points", 'file', 'file is not among the functions that a query may use'],
      ['SELECT sum(metric) FROM points', 'sum', /^Illegal type .*String.* of argument for aggregate function sum/],
      ["SELECT 'é', 'é' FRM points", 'points', /^syntax error/],
      [
        'SELECT run FROM points GROUP BY metric',
        'run',
        /^Column 'run' is not under aggregate function and not in GROUP BY keys$/,
      ],
      ['SELECT 1 FORMAT CSV', 'CSV', 'FORMAT and INTO OUTFILE have no place in a query: leave the clause out'],
      ['SELECT 1 SETTINGS max_threads = 8', 'SETTINGS', /^SETTINGS: the limits/],
      [
        "SELECT run FROM runs WHERE 'x' IN tags",
        'tags',
        'IN tags: a list or a subquery must follow IN; of an array use has(tags, value)',
      ],
      ['DELETE FROM points', 'DELETE', 'a query is one SELECT, which a WITH may go before'],
      ['SELECT 1; SELECT 2', 'SELECT', 'only one statement can be run at once'],
      ["SELECT 'a", "'", /not closed/],
      ['SELECT (1', '', 'a ( is not closed'],
    ])('says what is wrong, and where: %s', async (query, at, message) => {
      const error = await over(store, own, query).catch((cause: unknown) => cause)
      expect(error).toMatchObject({
        code: 'BAD_REQUEST',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      })
      const { from, to } = sqlErrorDetailsSchema.parse(error instanceof KirokuError && error.details)
      expect(query.slice(from, to)).toBe(at)
    })

    test.each([
      [
        'memory',
        "SELECT groupArray(concat(toString(number), repeat('x', 1000000))) FROM numbers(10000000)",
        'TOO_LARGE',
        /1 GB of memory/,
      ],
      ['the size of an answer', "SELECT repeat('x', 8000) FROM numbers(10000)", 'TOO_LARGE', /larger than 64 MB/],
      [
        'time',
        'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1',
        'TOO_LARGE',
        /longer than 10 s/,
      ],
    ])('has a limit of %s', async (_what, query, code, message) => {
      const error = await over(store, own, query).then(
        () => 'an answer',
        (cause: unknown) => cause,
      )
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
      expect(await rows('SELECT 1')).toEqual([[1]])
    })

    test('tells of a failure after its first rows, and not of a row that reads like one', async () => {
      // A megabyte is on its way before the block of rows that fails.
      const late = (columns: string) =>
        `SELECT ${columns} FROM numbers(2000000) WHERE number % 1000 = 0 AND intDiv(1, number - 1500000) < 1`
      for (const columns of ["repeat('x', 2000)", "repeat('x', 2000), number"])
        await expect(rows(late(columns))).rejects.toMatchObject({ code: 'BAD_REQUEST', message: 'Division by zero' })
      const text = 'Code: 395. DB::Exception: no'
      expect(await rows(`SELECT '${text}'`)).toEqual([[text]])
      expect(await rows(`SELECT '${text}' AS a, '${text}' AS a`)).toEqual([[text, text]])
    })

    test('holds up neither charts nor ingest, and ends when it is given up', async () => {
      const engine = await opened.openEngine()
      onTestFinished(() => engine.close())
      const underWay = async (): Promise<number> => {
        const answers = await engine.query({
          isOfServers: true,
          sql: `SELECT count() AS count FROM system.processes
                WHERE query LIKE '%sipHash64(number) = 1%' AND query NOT LIKE '%processes%'`,
          row: z.object({ count: z.coerce.number() }),
        })
        return answers.reduce((sum, { count }) => sum + count, 0)
      }
      const controller = new AbortController()
      const query = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
      const long = store.sql({ ...own, query }, { signal: controller.signal }).catch((cause: unknown) => cause)
      await expect.poll(underWay).toBe(1)
      const began = performance.now()
      await addPoints(store, { project: own.project, run: randomUUID() }, [1, 2, 3])
      expect((await store.texts({ project: own.project, run: randomUUID() })).length).toBe(0)
      expect(performance.now() - began).toBeLessThan(3000)
      expect(await underWay()).toBe(1)
      controller.abort()
      expect(await long).toMatchObject({ code: 'UNAVAILABLE', message: 'the query was given up' })
      expect(await rows('SELECT 1')).toEqual([[1]])
      expect(performance.now() - began).toBeLessThan(6000)
      await expect.poll(underWay).toBe(0)
    })

    test('reads of points no more than the runs that it asks for', async () => {
      const known = [
        "SELECT sum(value) FROM points WHERE run = 'a'",
        "SELECT p.value, r.name FROM points p JOIN runs r ON p.run = r.run WHERE p.run IN ('a', 'nobody') ORDER BY 1",
      ]
      expect(await rows(known[0] ?? '')).toEqual([[6]])
      expect((await rows(known[1] ?? '')).map(([value]) => value)).toEqual([1, 2, 3])
      expect(await rows("SELECT count() FROM points WHERE metric IN ('loss', 'none') AND run = 'a'")).toEqual([['3']])
      expect(await rows("SELECT count(), (SELECT count() FROM points) FROM points WHERE metric = 'edge'")).toEqual([
        ['5', '11'],
      ])
      expect(await rows("SELECT count() FROM points WHERE metric = 'edge' OR metric = 'loss'")).toEqual([['11']])
      // A condition of one SELECT does not hold for another.
      expect(await rows("SELECT (SELECT count() FROM points), count() FROM points WHERE run = 'a'")).toEqual([
        ['11', '3'],
      ])
      expect(await rows("SELECT count() FROM points WHERE run = 'a' OR run = 'b'")).toEqual([['6']])
      expect(await rows("SELECT count() FROM points WHERE NOT (run = 'a')")).toEqual([['8']])
      expect(await rows("SELECT upper(metric) AS run, count() FROM points WHERE run = 'EDGE' GROUP BY run")).toEqual([
        ['EDGE', '5'],
      ])
      expect(
        await rows("SELECT run, n FROM (SELECT run, count() OVER () AS n FROM points QUALIFY run = 'a') LIMIT 1"),
      ).toEqual([['a', '11']])
    })
  })
}
