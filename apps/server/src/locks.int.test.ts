import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Database, openDatabase } from './database/database.ts'
import { createDatabaseClock } from './database/database-clock.ts'
import { type Engines, openEngines } from './engines/index.ts'
import { createArrivals } from './features/history/arrivals.repository.ts'
import { createRollupsRepository } from './features/rollups/index.ts'
import { createPurgeRepository } from './features/sweeper/purge.repository.ts'

let directory: string
let engines: Engines
let database: Database

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-test-'))
  engines = await openEngines({ dataDir: join(directory, 'data') })
  database = await openDatabase(engines.databaseUrl)
}, 120_000)
afterAll(async () => {
  await database.close()
  await engines.close()
  await rm(directory, { recursive: true, force: true })
})

it('a purge begins while batches are stored, and none of them, nor a rewind, waits for it to end', async () => {
  const arrivals = createArrivals(database)
  const purges = createPurgeRepository(database)
  const leave = await arrivals.hold()
  let stored = 0
  await purges.alone(async () => {
    await (await arrivals.hold())()
    stored++
    await leave()
    await arrivals.settled()
  })
  expect(stored).toBe(1)
}, 30_000)

it('a purge is done by one server at a time', async () => {
  const [one, other] = [createPurgeRepository(database), createPurgeRepository(database)]
  const done: string[] = []
  await one.alone(async () => {
    await other.alone(async () => void done.push('other'))
    done.push('one')
  })
  await other.alone(async () => void done.push('other'))
  expect(done).toEqual(['one', 'other'])
})

it('rollups are erased while no server fills them, and filled again after', async () => {
  const clock = createDatabaseClock()
  const [filling, erasing] = [createRollupsRepository(database, clock), createRollupsRepository(database, clock)]
  const done: string[] = []
  let erased: Promise<void> = Promise.resolve()
  await filling.alone(async () => {
    erased = erasing.whileNoneFills(async () => {
      done.push('erasing')
      await filling.alone(async () => void done.push('filled meanwhile'))
      done.push('erased')
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    done.push('filled')
  })
  await erased
  await filling.alone(async () => void done.push('filled again'))
  expect(done).toEqual(['filled', 'erasing', 'erased', 'filled again'])
}, 30_000)
