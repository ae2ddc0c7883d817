import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { readDelayMs } from '../src/engine/cluster-layout.ts'
import { clusterSettings } from '../src/engine/cluster-node.ts'
import type { Engine } from '../src/engine/engine.ts'
import { openServerEngine } from '../src/engine/server-engine.ts'
import { openMetricStore } from '../src/index.ts'
import { insertPoints } from '../src/insert.ts'
import { migrate, migrations } from '../src/migrations.ts'
import { Freshness } from '../src/rollups/freshness.ts'
import { Roller } from '../src/rollups/roller.ts'
import { createClusterTable } from '../src/tables.ts'
import { startReplicas } from '../src/testing/clickhouse.ts'
import { clusterName, engines } from './stores.ts'

const countSchema = z.object({ count: z.coerce.number() })

/** What does not need that replicas share rows, which the ClickHouse that tests start cannot do. */
describe.skipIf(engines[2].isMissing)('a shard with two replicas', () => {
  let cluster: Awaited<ReturnType<typeof startReplicas>>
  let local: Engine[]
  let spread: Engine[]

  beforeAll(async () => {
    cluster = await startReplicas()
    const open = (database: string): Promise<Engine[]> =>
      Promise.all(cluster.replicas.map(({ url }) => openServerEngine(`${url}/${database}`, clusterSettings(2))))
    local = await open('kiroku_local')
    spread = await open('kiroku')
    const place = { cluster: clusterName, spread: 'kiroku', local: 'kiroku_local', isReplicated: false }
    for (const change of migrations[0]?.changes ?? [])
      if (typeof change !== 'string' && !('ifSetting' in change))
        for (const engine of local) for (const sql of createClusterTable(change, place)) await engine.command({ sql })
  })

  afterAll(async () => {
    await Promise.all([...local, ...spread].map((engine) => engine.close()))
    await cluster[Symbol.asyncDispose]()
  })

  const insert = (engine: Engine | undefined, step: number): Promise<void> | undefined =>
    engine?.command({
      sql: `INSERT INTO texts (project, run, metric, step, time, value, version)
            SELECT {id:UUID}, {id:UUID}, 'm', {step:Int64}, 1, 'v', 1`,
      parameters: { id: '00000000-0000-4000-8000-000000000001', step },
    })
  const counts = (engines: readonly Engine[]): Promise<number[]> =>
    Promise.all(
      engines.map(async (engine) => {
        const [row] = await engine.query({ sql: 'SELECT count() AS count FROM texts', row: countSchema })
        return row?.count ?? -1
      }),
    )

  test('is refused without a Keeper: its replicas would differ', async () => {
    const url = cluster.replicas[0]?.url ?? ''
    await expect(openMetricStore({ kind: 'server', url, cluster: clusterName })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/has 2 replicas, but its server has no Keeper/),
    })
  })

  test('that lacks points holds the rollups back until it has them', async () => {
    const server = await openServerEngine(`${cluster.replicas[0]?.url}/rolled`)
    await migrate(server)
    expect(await readDelayMs(server)).toBe(0)
    let behind = [true]
    const engine: Engine = { ...server, isBehind: async () => behind.shift() ?? false }
    const roller = new Roller(engine, await Freshness.read(engine, 0))
    const id = randomUUID()
    const steps = Float64Array.of(0, 1, 2)
    const metrics = [{ name: 'loss', rows: null, values: steps }]
    await insertPoints(engine, [{ project: id, run: id, stream: 'history', version: 7, steps, times: steps, metrics }])
    const rolled = async (): Promise<unknown> => {
      const sql = 'SELECT max(version) AS version FROM rollup_progress'
      return (await server.query({ sql, row: z.object({ version: z.coerce.number() }) }))[0]?.version
    }
    expect(await roller.roll()).toBe(false)
    behind = [false, true]
    await expect(roller.roll()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/has not caught up/),
    })
    expect(await rolled()).toBe(0)
    expect(await roller.roll()).toBe(true)
    expect(await rolled()).toBe(7)
    await server.close()
  })

  test('is written and read at its first replica, whichever server is asked, and at the other one when that is gone', async () => {
    for (const [step, engine] of [...spread, ...spread].entries()) await insert(engine, step)
    expect(await counts(local)).toEqual([4, 0])
    expect(await counts(spread)).toEqual([4, 4])

    await cluster.replicas[0]?.kill()
    const [, left] = spread
    await insert(left, 4)
    expect(await counts([...local.slice(1), ...spread.slice(1)])).toEqual([1, 1])
  })
})
