import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { openEmbeddedEngine } from '../src/engine/embedded-engine.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { openMetricStore } from '../src/index.ts'
import { engines, startClickhouse, temporaryDirectory } from './stores.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '`', '\0', '\n', '{', '}', ':', 'x', '--', '/*', '記', '🙂', ' '),
  }),
  fc.constantFrom('{text:String}', "\\'", "''", "'; DROP TABLE points; --"),
)
const echoSchema = z.object({
  text: z.string(),
  texts: z.array(z.string()),
  bits: z.string(),
  whole: z.coerce.bigint(),
})

/** What is bound must be what the engine sees, whatever it holds. */
async function bindsValues(engine: Engine, numRuns: number): Promise<void> {
  const bitsOf = (number: number): string => {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, number)
    return view.getBigUint64(0).toString()
  }
  await fc.assert(
    fc.asyncProperty(
      anyText,
      fc.array(anyText, { maxLength: 4 }),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.maxSafeInteger(),
      async (text, texts, number, whole) => {
        const rows = await engine.query({
          sql: `SELECT {text:String} AS text, {texts:Array(String)} AS texts,
                       toString(reinterpretAsUInt64({number:Float64})) AS bits, toString({whole:Int64}) AS whole`,
          parameters: { text, texts, number, whole },
          row: echoSchema,
        })
        expect(rows).toEqual([{ text, texts, bits: bitsOf(number), whole: BigInt(whole) }])
      },
    ),
    { numRuns },
  )
}

test('the embedded engine sees the values that were bound', async () => {
  using directory = temporaryDirectory()
  const engine = await openEmbeddedEngine(directory.path)
  await bindsValues(engine, 500).finally(() => engine.close())
})

test.skipIf(engines[1].isMissing)('a server sees the values that were bound', async () => {
  await using server = await startClickhouse()
  const engine = await openServerEngine(server.url)
  await bindsValues(engine, 200).finally(() => engine.close())
})

const child = (path: string, body: string): string[] => [
  '--input-type=module',
  '-e',
  `const { openMetricStore } = await import(${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))})
   const path = ${JSON.stringify(path)}
   ${body}`,
]

test('a second process on the same directory is told so in one line', async () => {
  using directory = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  try {
    const other = spawnSync(
      process.execPath,
      child(
        directory.path,
        `await openMetricStore({ kind: 'embedded', path }).catch((error) => console.log(error.code + ': ' + error.message))`,
      ),
      { encoding: 'utf8' },
    )
    expect(other.stderr).toBe('')
    expect(other.stdout).toBe(`CONFLICT: ${directory.path} is in use by another process\n`)
  } finally {
    await store.close()
  }
})

test('one process has one directory open, and may open another when it is closed', async () => {
  using first = temporaryDirectory()
  using second = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: first.path })
  await expect(openMetricStore({ kind: 'embedded', path: second.path })).rejects.toMatchObject({ code: 'CONFLICT' })
  await store.close()
  await store.close()
  await (await openMetricStore({ kind: 'embedded', path: second.path })).close()
})

test('a closed store says so', async () => {
  using directory = temporaryDirectory()
  const store = await openMetricStore({ kind: 'embedded', path: directory.path })
  await store.ping()
  await store.close()
  await expect(store.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the metric store is closed' })
})

test('a server that does not answer is one clear error', async () => {
  await expect(openMetricStore({ kind: 'server', url: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^the ClickHouse server at 127\.0\.0\.1:1 does not answer: .+$/),
  })
  await expect(openMetricStore({ kind: 'server', url: 'nonsense' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

async function takesLongLists(engine: Engine): Promise<void> {
  const names = Array.from({ length: 2000 }, (_, index) => `${'x'.repeat(500)}'${index}`)
  const rows = await engine.query({
    sql: 'SELECT length({names:Array(String)}) AS count, {names:Array(String)}[2000] AS last',
    parameters: { names },
    row: z.object({ count: z.coerce.number(), last: z.string() }),
  })
  expect(rows).toEqual([{ count: 2000, last: names[1999] }])
}

test('the longest request fits in a query', async () => {
  using directory = temporaryDirectory()
  const engine = await openEmbeddedEngine(directory.path)
  await takesLongLists(engine).finally(() => engine.close())
})

test.skipIf(engines[1].isMissing)('the longest request fits in a query of a server', async () => {
  await using server = await startClickhouse()
  const engine = await openServerEngine(server.url)
  await takesLongLists(engine).finally(() => engine.close())
})

/** A query that would take minutes. */
const endless = 'SELECT max(sipHash64(number, number + 1)) AS most FROM numbers(100000000000)'

async function stopsOnAbort(engine: Engine): Promise<void> {
  const underWay = async (): Promise<number> => {
    const [answer] = await engine.query({
      sql: `SELECT count() AS count FROM system.processes
            WHERE query LIKE '%sipHash64(number%' AND query NOT LIKE '%processes%'`,
      row: z.object({ count: z.coerce.number() }),
    })
    return answer?.count ?? 0
  }
  const controller = new AbortController()
  const running = engine.query({ sql: endless, row: z.object({ most: z.unknown() }), signal: controller.signal })
  const refused = expect(running).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'the query was given up' })
  await expect.poll(underWay, { timeout: 20_000 }).toBe(1)
  controller.abort()
  await refused
  await expect.poll(underWay, { timeout: 20_000 }).toBe(0)
}

test('an abort frees the caller and stops the query', async () => {
  using directory = temporaryDirectory()
  const engine = await openEmbeddedEngine(directory.path)
  await stopsOnAbort(engine)
  const aborted = engine.query({ sql: endless, row: z.unknown(), signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ message: 'the query was given up' })
  await engine.close()
})

test.skipIf(engines[1].isMissing)('an abort frees the caller and stops the query on a server', async () => {
  await using server = await startClickhouse()
  const engine = await openServerEngine(server.url)
  await stopsOnAbort(engine)
  await engine.close()
})

/** Inserts blocks of 1000 points for ever, and says the number of each block that is acknowledged. */
const inserter = (run: string): string => `
  const store = await openMetricStore({ kind: 'embedded', path })
  const rows = 1000
  for (let block = 0; ; block++) {
    const steps = Float64Array.from({ length: rows }, (_, row) => block * rows + row)
    await store.insert([{ project: '${run}', run: '${run}', stream: 'history', version: block + 1, steps, times: steps,
      metrics: [{ name: 'm', rows: null, values: steps.map((step) => step / 2) }] }], [])
    process.stdout.write(block + '\\n')
  }`

test('what was acknowledged is there after kill -9, and nothing lies about', { timeout: 120_000 }, async () => {
  using directory = temporaryDirectory()
  const run = randomUUID()
  const pids: (number | undefined)[] = []
  let acknowledged = 0
  for (let round = 0; round < 4; round++) {
    const inserting = spawn(process.execPath, child(directory.path, inserter(run)), {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    pids.push(inserting.pid)
    let blocks = 0
    for await (const chunk of inserting.stdout) {
      blocks += String(chunk).split('\n').length - 1
      if (blocks > 5 + round * 7) inserting.kill('SIGKILL')
    }
    if (inserting.exitCode === null && inserting.signalCode === null) await once(inserting, 'exit')
    acknowledged = Math.max(acknowledged, blocks)
    const store = await openMetricStore({ kind: 'embedded', path: directory.path })
    const steps: number[] = []
    for await (const points of store.points({ project: run, run, stream: 'history', metric: 'm' })) {
      steps.push(...points.steps)
      expect(points.values.findIndex((value, index) => value !== (points.steps[index] ?? -1) / 2)).toBe(-1)
    }
    await store.close()
    expect(steps.length).toBeGreaterThanOrEqual(acknowledged * 1000)
    expect(steps.findIndex((step, index) => step !== index)).toBe(-1)
  }
  const spooled = ['/dev/shm', join(directory.path, 'tmp')].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder) : [],
  )
  expect(spooled.filter((name) => pids.some((pid) => name.includes(`-${pid}-`)))).toEqual([])
})

test('a directory that cannot be made is one clear error', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'file', 'below')
  writeFileSync(join(directory.path, 'file'), '')
  await expect(openMetricStore({ kind: 'embedded', path })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `ClickHouse cannot write in ${path}`,
  })
})
