import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { decodeSeriesAnswer, type Series } from '@kiroku/core/series'
import { client, readPoints } from '@kiroku/testkit'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { chart, chartNumber, openPage, plotPoints } from './browser.ts'
import { browser, server, startDashboard } from './dashboard.ts'

const inCli = (path: string): string => fileURLToPath(new URL(`../../../packages/cli/${path}`, import.meta.url))
const longFile = inCli('test/fixtures/llm-finetune-24k.trainer_state.json.gz')
const evaluatedFile = inCli('test/fixtures/multi-eval.trainer_state.json')
const project = 'real logs'

const losses = z
  .object({ log_history: z.array(z.object({ step: z.number(), loss: z.number() })) })
  .parse(JSON.parse(gunzipSync(readFileSync(longFile)).toString())).log_history

startDashboard(async () => {
  await promisify(execFile)(
    process.execPath,
    [inCli('bin/kiroku.mjs'), 'import', 'trainer-state', longFile, evaluatedFile, '--project', project],
    { env: { PATH: process.env['PATH'], KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey } },
  )
})

/** The next answer that the page's chart of a metric gets. */
async function nextSeries(page: Page, metric: string, act: () => Promise<unknown>): Promise<Series> {
  const isAnswer = (body: string | null): boolean => body?.includes(JSON.stringify(metric)) ?? false
  const answered = page.waitForResponse(
    (response) => response.url().endsWith('/api/series') && isAnswer(response.request().postData()),
  )
  await act()
  const answer = decodeSeriesAnswer(new Uint8Array(await (await answered).body()))
  const found = answer.series.find((series) => series.metric === metric && series.count > 0)
  if (found === undefined) throw new Error(`no series of ${metric} came`)
  return found
}

const lowest = (values: Iterable<number>): number => [...values].reduce((low, value) => Math.min(low, value))
const highest = (values: Iterable<number>): number => [...values].reduce((high, value) => Math.max(high, value))

/** First, last, lowest and highest of what a chart was given. */
function shown(series: Series) {
  if (series.form === 'points') {
    const { x, y } = series.columns
    return { first: [x[0], y[0]], last: [x.at(-1), y.at(-1)], low: lowest(y), high: highest(y) }
  }
  const { firstX, firstY, lastX, lastY, minY, maxY } = series.columns
  return {
    first: [firstX[0], firstY[0]],
    last: [lastX.at(-1), lastY.at(-1)],
    low: lowest(minY),
    high: highest(maxY),
  }
}

/** The same of what the file has from step `from` to step `to`. */
function inFile(from: number, to: number) {
  const rows = losses.filter(({ step }) => step >= from && step <= to)
  const [first, last] = [rows[0], rows.at(-1)]
  const values = rows.map(({ loss }) => loss)
  return {
    first: [first?.step, first?.loss],
    last: [last?.step, last?.loss],
    low: lowest(values),
    high: highest(values),
    count: rows.length,
  }
}

test('a real run of 24 000 steps shows what its file has, at full view and zoomed, down to its points', async () => {
  const { runs } = await client(server).runs.list.query({ organization: server.organization, project })
  const run = runs.find(({ displayName }) => displayName === 'llm-finetune-24k')
  if (run === undefined) throw new Error('the run was not imported')
  const stored = await readPoints(server, { organization: server.organization, project, run: run.slug, metric: 'loss' })
  expect([...stored.steps]).toEqual(losses.map(({ step }) => step))
  expect([...stored.values]).toEqual(losses.map(({ loss }) => loss))

  const { page, problems, close } = await openPage(browser, server.url)
  const whole = await nextSeries(page, 'loss', () =>
    page.goto(`/${server.organization}/${encodeURIComponent(project)}/runs/${run.slug}`),
  )
  const { count, ...expected } = inFile(1, 24_000)
  expect(whole).toMatchObject({ form: 'buckets', count })
  expect(shown(whole)).toEqual(expected)

  const panel = chart(page, 'loss', { state: 'ready' })
  await panel.waitFor()
  expect(await chartNumber(panel, 'low')).toBe(expected.low)
  expect(await chartNumber(panel, 'high')).toBe(expected.high)
  expect(await chartNumber(panel, 'points')).toBe(24_000)

  let series = whole
  for (let zoom = 0; series.form === 'buckets'; zoom++) {
    expect(zoom).toBeLessThan(12)
    const [from, to] = await plotPoints(panel, 0.3, 0.6)
    if (from === undefined || to === undefined) throw new Error('the chart has no place on the page')
    series = await nextSeries(page, 'loss', async () => {
      await page.mouse.move(from.x, from.y)
      await page.mouse.down()
      await page.mouse.move(to.x, to.y, { steps: 4 })
      await page.mouse.up()
    })
    await panel.waitFor()
    const { first, last } = shown(series)
    const { count: zoomedCount, ...zoomed } = inFile(first[0] ?? 0, last[0] ?? 0)
    expect(zoomedCount).toBe(series.count)
    expect(shown(series)).toEqual(zoomed)
  }
  expect(series.count).toBeGreaterThan(10)
  expect(problems).toEqual([])
  await close()
})

test('evaluation metrics of a real run are drawn over the epoch', async () => {
  const { page, problems, close } = await openPage(browser, server.url)
  await page.goto(`/${server.organization}/${encodeURIComponent(project)}`)
  await chart(page, 'eval_g0_loss', { state: 'ready', 'x-title': 'epoch' }).waitFor()
  await chart(page, 'eval_g0_accuracy', { state: 'ready', 'x-title': 'epoch' }).waitFor()
  expect(problems).toEqual([])
  await close()
})
