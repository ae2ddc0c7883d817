import { projectPath } from '@kiroku/core/routes'
import { batchOf, postBatch, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { chart, chartNumber, plotPoints } from './browser.ts'
import { openPages, page, server, startDashboard } from './dashboard.ts'

const project = 'grouped'
const start = 1_700_000_000_000
const stepCount = 300
let home: string

/** Run `index` of its group lies `index` above the group's curve. */
const lossAt = (lr: number, index: number, step: number): number => 10 * lr + index + 5 * Math.exp(-step / 80)

startDashboard(async () => {
  for (const lr of [0.1, 0.5])
    for (let index = 0; index < 5; index++) {
      const name = `lr-${lr}-seed-${index}`
      const run = await testRun(server, {
        project,
        run: name.replace('.', '-'),
        displayName: name,
        startedAt: start,
        group: `group ${lr}`,
        config: { lr, seed: index },
      })
      const rows = Array.from({ length: stepCount }, (_, step) => ({
        step,
        time: start + step * 100,
        values: { loss: lossAt(lr, index, step), accuracy: (step / stepCount) * (1 - index / 20) },
      }))
      const finish = { type: 'finish', state: 'finished', exitCode: 0, time: start + stepCount * 100 } as const
      await postBatch(server, batchOf(run, { rows, updates: [finish] }))
    }
  home = projectPath({ organization: server.organization, project })
})
openPages()

test('grouping draws a line and a band a group, from what the server aggregates', async () => {
  await page.goto(home)
  await chart(page, 'loss', { state: 'ready', lines: 10 }).waitFor()
  await page.getByTestId('group-by').click()
  const asked = page.waitForRequest((request) => request.url().endsWith('/api/groups'))
  await page.getByRole('menuitemradio', { name: /^config\.lr/ }).click()
  expect((await asked).postDataJSON().groups.map(({ runs }: { runs: string[] }) => runs.length)).toEqual([5, 5])
  const panel = chart(page, 'loss', { state: 'ready', lines: 2 })
  await panel.waitFor()
  expect(await chartNumber(panel, 'points')).toBe(10 * stepCount)
  // The band reaches over all values.
  expect(await chartNumber(panel, 'low')).toBeCloseTo(lossAt(0.1, 0, stepCount - 1), 9)
  expect(await chartNumber(panel, 'high')).toBeCloseTo(lossAt(0.5, 4, 0), 9)
  expect(await panel.getByTestId('badge').textContent()).toBe('mean of 10')
  await expect.poll(() => new URL(page.url()).searchParams.get('by')).toBe('config.lr')

  const [place] = await plotPoints(panel, 0.5)
  if (!place) throw new Error('a place was asked for')
  await page.mouse.move(place.x, place.y)
  const tooltip = page.getByTestId('chart-tooltip')
  await tooltip.waitFor()
  expect(await tooltip.getByTestId('tooltip-runs').allTextContents()).toEqual(['5 runs', '5 runs'])
  const values = await tooltip
    .locator('[data-value]')
    .evaluateAll((all) => all.map((one) => one.getAttribute('data-value')))
  expect(Number(values[0]) - Number(values[1])).toBeCloseTo(4, 6)
})

test('figure and band are chosen, and the address says which', async () => {
  await page.goto(`${home}?by=group`)
  await chart(page, 'loss', { state: 'ready', lines: 2 }).waitFor()
  await page.getByTestId('group-figure').click()
  await page.getByRole('menuitemradio', { name: 'highest', exact: true }).click()
  await page.getByTestId('group-figure').click()
  await page.getByRole('menuitemradio', { name: 'none', exact: true }).click()
  const panel = chart(page, 'loss', { state: 'ready', lines: 2 })
  await panel.getByTestId('badge').filter({ hasText: 'highest of 10' }).waitFor()
  expect(await chartNumber(panel, 'low')).toBeGreaterThan(lossAt(0.1, 4, stepCount))
  const said = () => ['by', 'line', 'band'].map((name) => new URL(page.url()).searchParams.get(name))
  await expect.poll(said).toEqual(['group', 'max', 'none'])
})

test('the runs table has columns that are measured from all that runs logged', async () => {
  await page.goto(`${home}/runs`)
  await page.getByTestId('run').first().waitFor()
  await page.getByTestId('add-measure').click()
  await page.locator('select[name=kind]').selectOption('atLeast')
  await page.locator('select[name=metric]').selectOption('accuracy')
  await page.locator('input[name=number]').fill('0.9')
  await page.getByRole('button', { name: 'Add column' }).click()
  const id = 'measure.atLeast:0.9:accuracy'
  const cell = (run: string) => page.locator(`[data-run="${run}"] [data-column="${id}"]`)
  await expect.poll(() => cell('lr-0-1-seed-0').textContent()).toBe('270')
  expect(await cell('lr-0-1-seed-4').textContent()).toBe('')
  await expect.poll(() => new URL(page.url()).searchParams.getAll('column')).toContain(id)
  await page.locator(`th[data-column="${id}"] button`).click()
  await page.reload()
  await expect.poll(() => cell('lr-0-1-seed-0').textContent()).toBe('270')
})
