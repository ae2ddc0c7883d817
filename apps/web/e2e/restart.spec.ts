import { batchOf, postBatch, type SpawnedServer, spawnServer, testRun } from '@kiroku/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chart, launchBrowser, openPage, webDir } from './browser.ts'

let server: SpawnedServer
let browser: Browser

beforeAll(async () => {
  server = await spawnServer({ webDir })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

test('a page outlives its server: it keeps the picture, says that it waits, and catches up', async () => {
  const run = await testRun(server, { project: 'lasting', run: 'steady' })
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ step: from + index, values: { loss: 1 / (from + index + 1) } }))
  await postBatch(server, batchOf(run, { rows: rows(0, 10) }))
  const { page, problems, close } = await openPage(browser, server.url, {
    expected: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/],
  })
  await page.goto(`/${server.organization}/lasting`)
  await chart(page, 'loss', { state: 'ready', points: 10 }).waitFor()
  await page.evaluate(() => document.body.setAttribute('data-untouched', 'yes'))

  await server.kill()
  await page.getByText('reconnecting').waitFor()
  await chart(page, 'loss', { state: 'ready', points: 10 }).waitFor()

  await server.restart()
  await postBatch(server, batchOf(run, { firstSeq: 11, rows: rows(10, 30) }))
  await chart(page, 'loss', { state: 'ready', points: 30, 'last-x': 29 }).waitFor()
  await page.getByText('reconnecting').waitFor({ state: 'detached' })
  expect(await page.locator('body').getAttribute('data-untouched')).toBe('yes')
  await close()
  expect(problems).toEqual([])
})
