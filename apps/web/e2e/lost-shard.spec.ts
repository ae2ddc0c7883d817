import {
  batchOf,
  clusterName,
  postBatch,
  type SpawnedServer,
  spawnServer,
  startCluster,
  testRun,
} from '@kiroku/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chart, launchBrowser, openPage, webDir } from './browser.ts'

let cluster: Awaited<ReturnType<typeof startCluster>>
let server: SpawnedServer
let browser: Browser

beforeAll(async () => {
  cluster = await startCluster()
  server = await spawnServer({ webDir, clickhouseUrl: cluster.shards[0]?.url, clickhouseCluster: clusterName })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

const runCount = 10

test('a chart says that a part of the store does not answer, draws the other runs, and is whole again later', async () => {
  for (let index = 0; index < runCount; index++) {
    const run = await testRun(server, { project: 'spread', run: `run-${index}` })
    const rows = [0, 1, 2].map((step) => ({ step, values: { loss: index + step } }))
    await postBatch(server, batchOf(run, { rows }))
  }
  await cluster.shards[1]?.kill()
  const { page, problems, close } = await openPage(browser, server.url)
  await page.goto(`/${server.organization}/spread`)
  const cut = chart(page, 'loss', { state: 'ready', 'missing-shards': '2' })
  await cut.waitFor()
  await cut.getByRole('status').getByText('shard 2 of the metric store does not answer').waitFor()
  const points = Number(await cut.getAttribute('data-points'))
  expect(points).toBeGreaterThan(0)
  expect(points).toBeLessThan(runCount * 3)

  await cluster.shards[1]?.restart()
  await chart(page, 'loss', { state: 'ready', points: runCount * 3, 'missing-shards': '' }).waitFor({ timeout: 60_000 })
  expect(await page.getByRole('status').getByText('metric store').count()).toBe(0)
  await close()
  expect(problems).toEqual([])
})
