import { batchOf, client, postBatch, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { chart } from './browser.ts'
import { openPages, page, server, startDashboard } from './dashboard.ts'

const project = 'many'
const count = 230
let table: string

startDashboard(async () => {
  // The oldest has the highest score: it is on the second page of those that come newest first.
  for (let index = 0; index < count; index++) {
    const config = { lr: index / 1000, optimizer: index % 2 === 0 ? 'adam' : 'sgd' }
    const run = await testRun(server, { project, run: `run-${index}`, config })
    await postBatch(server, batchOf(run, { rows: [{ step: 0, values: { score: count - index } }] }))
  }
  table = `/${server.organization}/${project}/runs`
})
openPages()

const firstRun = (): Promise<string | null> => page.getByTestId('run').first().getAttribute('data-run')

test('sorting is over all runs, not over those that are loaded, and more come by scrolling', async () => {
  await page.goto(table)
  await page.getByTestId('run').first().waitFor()
  expect(await firstRun()).toBe(`run-${count - 1}`)
  expect(await page.getByTestId('run-count').textContent()).toContain(`200 of ${count} runs loaded`)
  await page.locator('th[data-column="summary.score"] button').click()
  await expect.poll(firstRun).toBe('run-0')
  await page.locator('th[data-column="summary.score"] button').click()
  await expect.poll(firstRun).toBe(`run-${count - 1}`)
  await page.getByTestId('run').last().scrollIntoViewIfNeeded()
  await expect
    .poll(async () => {
      await page.locator('table').evaluate((element) => element.parentElement?.scrollTo(0, element.scrollHeight))
      return page.getByTestId('run').last().getAttribute('data-run')
    })
    .toBe('run-0')
})

test('a filter by a column holds for all runs, is in the address, in the runs list too, and goes by a click', async () => {
  await page.goto(table)
  await page.getByTestId('run').first().waitFor()
  const add = async (column: string, condition: string, value: string): Promise<void> => {
    await page.getByTestId('add-filter').click()
    await page
      .getByRole('textbox', { name: 'Column' })
      .or(page.getByRole('combobox', { name: 'Column' }))
      .fill(column)
    await page.getByRole('combobox', { name: 'Condition' }).selectOption({ label: condition })
    await page.getByRole('textbox', { name: 'Value' }).fill(value)
    await page.getByRole('button', { name: 'Add filter' }).click()
  }
  await add('config.lr', '<', '0.01')
  await expect.poll(() => page.getByTestId('run-count').textContent()).toBe('10 runs')
  await add('config.optimizer', '=', 'adam')
  await expect.poll(() => page.getByTestId('run-count').textContent()).toBe('5 runs')
  // The address follows what is seen.
  await expect
    .poll(() => new URL(page.url()).searchParams.getAll('where'))
    .toEqual(['below:0.01:config.lr', 'is:adam:config.optimizer'])
  await page.reload()
  await expect.poll(() => page.getByTestId('run-count').textContent()).toBe('5 runs')
  await page.goto(`/${server.organization}/${project}${new URL(page.url()).search}`)
  await expect.poll(() => page.getByTestId('run-row').count()).toBe(5)
  await page.getByTestId('filter-chip').filter({ hasText: 'optimizer' }).click()
  await expect.poll(() => page.getByTestId('run-row').count()).toBe(10)
})

test('a run that moves takes its place in a sorted table while one looks', async () => {
  await page.goto(`${table}?sort=-summary.score`)
  await expect.poll(firstRun).toBe('run-0')
  await client(server).runs.update.mutate({
    organization: server.organization,
    project,
    run: 'run-100',
    summary: { set: { score: 10_000 } },
  })
  await expect.poll(firstRun, { timeout: 15_000 }).toBe('run-100')
})

test('the numbers of a chart of very many lines have their times, which it is drawn without', async () => {
  const asked: boolean[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/api/series')) asked.push(request.postDataJSON().times)
  })
  await page.goto(`${table.replace(/\/runs$/, '')}?drawn=100`)
  const panel = chart(page, 'score', { state: 'ready' })
  await panel.waitFor()
  expect(asked).not.toContain(true)
  await panel.hover()
  await panel.getByRole('button', { name: 'Data table' }).click()
  const rows = page.getByRole('dialog').locator('tbody tr[aria-rowindex]')
  await expect.poll(() => rows.first().locator('td').nth(3).textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/)
  expect(asked.at(-1)).toBe(true)
})
