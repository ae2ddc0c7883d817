import { newWriterId } from '@kiroku/core/ids'
import { batchOf, postBatch, testRun } from '@kiroku/testkit'
import { describe, expect, test } from 'vitest'
import { chart, chartNumber } from './browser.ts'
import { openPages, page, server, startDashboard } from './dashboard.ts'
import { seedMedia } from './seed-output.ts'

const project = 'trouble'
const start = 1_700_000_000_000
const ranks = ['rank 0', 'rank 1', 'rank 2']
let home: string

/** Three processes of one run, of which the first printed more than a page of lines before the others printed any. */
async function seedShared(): Promise<void> {
  for (const [rank, label] of ranks.entries()) {
    const run = await testRun(server, { project, run: 'shared', writer: newWriterId(), shared: true, label })
    const systemRows = Array.from({ length: 20 }, (_, step) => ({
      step,
      time: start + step * 10_000,
      values: {
        [`cpu/l:${label}`]: 10 * rank + step,
        [`gpu.0.gpu/l:${label}`]: 50 + rank,
        [`proc.memory.rssMB/l:${label}`]: 1024,
        [`network.recv/l:${label}`]: step * 20_480 * (rank + 1),
      },
    }))
    const console = Array.from({ length: 600 }, (_, line) => ({
      line,
      stream: 'stdout' as const,
      time: start + rank * 600_000 + line * 1000,
      text: `${label} batch \u001b[3${rank}m${line}\u001b[0m of 600`,
    }))
    await postBatch(server, batchOf(run, { systemRows, console }))
  }
}

startDashboard(async () => {
  await seedShared()
  await seedMedia(server, project)
  home = `/${server.organization}/${project}/runs`
})
openPages({ expected: [/Failed to load resource/] })

describe('5.6 machines of a shared run', () => {
  test('are drawn in one chart with a line a label, which a legend names', async () => {
    await page.goto(`${home}/shared`)
    await chart(page, 'cpu', { state: 'ready', lines: 3 }).waitFor()
    expect(await page.locator('[data-testid="panel"][data-metric*="/l:"]').count()).toBe(0)
    const names = await chart(page, 'cpu').getByTestId('legend').getByRole('listitem').allTextContents()
    expect(names).toEqual(['rank', '0', '1', '2'])
    await chart(page, 'gpu.*.gpu').getByTestId('legend').getByText('GPU 0, rank 2').waitFor()
  })

  test('have counters as rates and memory in bytes', async () => {
    await page.goto(`${home}/shared`)
    const received = chart(page, 'network.recv', { state: 'ready', lines: 3 })
    await received.scrollIntoViewIfNeeded()
    await received.getByText('bytes/s').waitFor()
    expect([await chartNumber(received, 'low'), await chartNumber(received, 'high')]).toEqual([2048, 3 * 2048])
    const memory = chart(page, 'proc.memory.rssMB', { state: 'ready', lines: 3 })
    await memory.scrollIntoViewIfNeeded()
    expect(await chartNumber(memory, 'high')).toBe(2 ** 30)
    await memory.getByTestId('chart-canvas').hover()
    await page.getByTestId('chart-tooltip').getByText('1 GiB').first().waitFor()
  })
})

describe('6 printed lines', () => {
  test('can be had of each process, also of those that printed late', async () => {
    await page.goto(`${home}/shared?tab=logs`)
    await page.getByTestId('log-line').first().waitFor()
    await page.getByRole('button', { name: /^writer/ }).click()
    await page.getByRole('menuitemradio', { name: 'rank 2' }).click()
    await page.locator('[data-testid="logs"][data-total="600"]').waitFor()
    await page.getByTestId('log-line').filter({ hasText: 'rank 2 batch' }).first().waitFor()
    expect(await page.getByTestId('log-line').filter({ hasText: 'rank 0 batch' }).count()).toBe(0)
  })

  test('are found by words whose colour changes in their middle', async () => {
    await page.goto(`${home}/shared?tab=logs`)
    await page.getByRole('searchbox', { name: 'Find lines' }).fill('rank 1 BATCH 77 of')
    await page.locator('[data-testid="logs"][data-total="1"]').waitFor()
    await page.getByTestId('log-line').filter({ hasText: 'rank 1 batch 77 of 600' }).waitFor()
  })
})

describe('a server that does not answer', () => {
  test('is told on every part of the page, and what is there comes by another try', async () => {
    await page.goto(`${home}/media`)
    await page.getByTestId('tab-media').filter({ hasText: '4' }).waitFor()
    await page.route('**/api/**', (route) => route.abort())
    await page.getByTestId('tab-media').click()
    const card = page.locator('[data-testid="media-card"][data-metric="field"]')
    await card.getByText('The server does not answer.').waitFor()
    await page.unroute('**/api/**')
    await card.getByRole('button', { name: 'Try again' }).click()
    await card.getByRole('img').waitFor()
  })

  test('is not told as a run without media', async () => {
    await page.route(/texts\.metrics/, (route) => route.abort())
    await page.goto(`${home}/media?tab=media`)
    await page.getByText('The server does not answer.').waitFor()
    expect(await page.getByTestId('media-empty').count()).toBe(0)
    await page.unroute(/texts\.metrics/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByTestId('media-card').first().waitFor()
  })

  test('is told to be waited for while it is slow', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    await page.route('**/api/**', async (route) => {
      await gate
      await route.continue()
    })
    await page.goto(`${home}/media?tab=media`)
    await page.getByRole('status').filter({ hasText: 'Loading the run' }).waitFor()
    open()
    await page.getByTestId('media-card').first().waitFor()
  })
})

test('an address that cannot be read is a page with a way on', async () => {
  await page.goto('/local/%zz')
  await page.getByRole('heading', { name: 'This address cannot be read.' }).waitFor()
  await page.getByRole('link', { name: 'All projects' }).click()
  await page.getByTestId('project').first().waitFor()
})
