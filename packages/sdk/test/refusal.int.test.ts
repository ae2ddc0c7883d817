import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { client, readPoints, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LogFile } from './log-file.ts'
import { until } from './script.ts'
import { type Place, storedRun } from './stored-run.ts'
import { uploaderOf } from './upload.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let root: string
beforeAll(async () => {
  server = await testServer()
})
beforeEach(async () => {
  place = await testOrganization(server)
  root = mkdtempSync(join(tmpdir(), 'kiroku-refusal-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
afterAll(() => server.close())

const soon = { firstMs: 20, longestMs: 100 }
const order = (directory: string, apiKey = place.apiKey) => ({ id: 7, directory, url: place.url, apiKey })
const stepsOf = async (run: string): Promise<number[]> => {
  const points = await readPoints(place, { organization: place.organization, project: 'demo', run, metric: 'a' })
  return [...points.steps]
}

/** The log of a run in a directory of its own. */
function logOf(run: string, create: object = {}): LogFile {
  const directory = join(root, `${run}-${Math.random()}`)
  mkdirSync(directory)
  return new LogFile(directory, { create: { project: 'demo', run, ...create } })
}

describe('7.4 a key that is refused', () => {
  it('is asked for anew: the run arrives once there is one that counts', async () => {
    const log = logOf('renewed').rows(5).finish()
    log.close()
    let asked = 0
    const { uploader, reports } = uploaderOf(
      { directory: log.directory, url: place.url },
      {
        order: order(log.directory, `kiroku-${'x'.repeat(40)}`),
        refusedWait: soon,
        freshKey: () => (++asked < 3 ? null : place.apiKey),
      },
    )
    await uploader.run()
    const told = reports.filter(({ type }) => type !== 'acknowledged').map(({ type }) => type)
    expect(told).toEqual(['refused', 'created', 'connected', 'done'])
    expect(reports[0]).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(await stepsOf('renewed')).toEqual([0, 1, 2, 3, 4])
  })
})

describe('7.4 a run that is deleted while it is written', () => {
  it('is refused once, asked about ever less often, and never comes back', async () => {
    const log = logOf('deleted').rows(5).flush()
    let isOrphan = false
    const { uploader, reports, wakeable } = uploaderOf(
      { directory: log.directory, url: place.url },
      { order: order(log.directory), refusedWait: soon, isOrphan: () => isOrphan },
    )
    const done = uploader.run()
    await until(async () => (await storedRun(place, 'deleted'))?.lastStep === 4 || undefined, 'the first rows')
    const { organization } = place
    await client(place).runs.delete.mutate({ organization, project: 'demo', run: 'deleted' })
    log.rows(5, 5).finish().close()
    await until(() => reports.some(({ type }) => type === 'refused') || undefined, 'the refusal')
    isOrphan = true
    wakeable.wake()
    await expect(done).rejects.toThrow()
    expect(reports.filter(({ type }) => type === 'refused')).toHaveLength(1)
    expect(reports.filter(({ type }) => type === 'connected')).toEqual([])
    expect(await storedRun(place, 'deleted')).toBeUndefined()
  })
})

describe('1.4 a run that several processes write to', () => {
  it('has each row of each writer at a step of its own, and each writer hears of the others', async () => {
    const logs = ['a', 'b'].map((label) => logOf('shared', { shared: true, label }).rows(50).flush())
    const uploads = logs.map((log) =>
      uploaderOf({ directory: log.directory, url: place.url }, { order: order(log.directory) }),
    )
    const done = Promise.all(uploads.map(({ uploader }) => uploader.run()))
    const hasHeard = (): true | undefined =>
      uploads.some(({ reports }) =>
        reports.some((report) => report.type === 'acknowledged' && report.otherWriters === 1),
      ) || undefined
    await until(async () => (await storedRun(place, 'shared'))?.lastStep === 99 || undefined, 'all rows')
    for (const log of logs) log.row(50)
    for (const log of logs) log.flush()
    await until(hasHeard, 'the other writer to be told of')
    for (const log of logs) log.finish().close()
    await done
    expect(await stepsOf('shared')).toEqual([...Array(102).keys()])
  })
})
