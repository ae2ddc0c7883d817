import { batchOf, client, postBatch, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { chart } from './browser.ts'
import { openAnew, openPages, page, server, startDashboard } from './dashboard.ts'
import { longLoss, longSteps, seedRuns } from './seed.ts'

const project = 'pages'
let home: string

startDashboard(async () => {
  await seedRuns(server, project)
  home = `/${server.organization}/${project}`
})
openPages({ permissions: ['clipboard-read', 'clipboard-write'] })

const order = (): Promise<(string | null)[]> =>
  page.getByTestId('run').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-run')))

test('the start page lists projects and leads to them', async () => {
  await page.goto('/')
  await page.getByTestId('project').filter({ hasText: project }).getByRole('link').click()
  await page.waitForURL(`**${home}`)
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
})

test('the runs table has config and summary, sorts by a click and keeps it in the address', async () => {
  await page.goto(`${home}/runs`)
  await page.getByTestId('run').first().waitFor()
  expect(await order()).toEqual(['odd', 'short', 'long'])
  await page.locator('th[data-column="config.lr"] button').click()
  await page.locator('th[data-column="config.lr"][aria-sort="descending"]').waitFor()
  expect(await order()).toEqual(['long', 'odd', 'short'])
  await page.locator('th[data-column="config.lr"] button').click()
  await page.locator('th[data-column="config.lr"][aria-sort="ascending"]').waitFor()
  expect(await order()).toEqual(['short', 'odd', 'long'])
  await page.waitForURL((url) => url.searchParams.get('sort') === '+config.lr')
  await page.reload()
  await page.getByTestId('run').first().waitFor()
  expect(await order()).toEqual(['short', 'odd', 'long'])
  const cell = page.locator('[data-run="long"] td[data-column="summary.train/loss"] span')
  expect(await cell.getAttribute('title')).toBe(String(longLoss(longSteps - 1)))
  await page.getByTestId('columns').click()
  await page.getByRole('menuitemcheckbox', { name: 'config.lr' }).click()
  await page.locator('th[data-column="config.lr"]').waitFor({ state: 'detached' })
})

test('runs with a group are grouped by it as the runs table opens, and a click on a tag filters them', async () => {
  const grouped = { project: 'groups', group: 'sweep' }
  await testRun(server, { ...grouped, run: 'a', tags: ['search', 'best'] })
  await testRun(server, { ...grouped, run: 'b', tags: ['search'] })
  await testRun(server, { project: 'groups', run: 'c' })
  await page.goto(`/${server.organization}/groups/runs`)
  await page.getByRole('rowheader', { name: /sweep 2$/ }).waitFor()
  await page.getByRole('rowheader', { name: /no group 1$/ }).waitFor()
  expect(await order()).toEqual(['b', 'a', 'c'])
  await page.locator('[data-run="a"]').getByRole('button', { name: 'best' }).click()
  await page.locator('[data-run="b"]').waitFor({ state: 'detached' })
  expect(await order()).toEqual(['a'])
  await page.waitForURL((url) => url.searchParams.get('tag') === 'best')
})

test('a deleted run is gone at once and comes back by undo', async () => {
  await page.goto(`${home}/runs`)
  await page.getByTestId('run').first().waitFor()
  await page.locator('[data-run="short"]').hover()
  await page.getByRole('button', { name: 'Delete short run' }).click()
  await page.locator('[data-run="short"]').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.locator('[data-run="short"]').waitFor()
})

test('a run’s page shows and copies exact values, and edits labels where they stand', async () => {
  await page.goto(`${home}/runs/long`)
  await chart(page, 'train/loss', { state: 'ready', lines: 1 }).waitFor()
  const loss = page
    .getByTestId('facts-summary')
    .locator('dd')
    .filter({ has: page.locator(':scope') })
  expect(await loss.count()).toBeGreaterThan(0)
  const exact = String(longLoss(longSteps - 1))
  await page.getByTestId('facts-summary').getByRole('button', { name: 'Copy train/loss' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(exact)
  expect(await page.getByTestId('facts-config').getByText('model.depth').count()).toBe(1)

  await page.getByRole('button', { name: /^Name: long run/ }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('renamed run')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /^Name: renamed run/ }).waitFor()
  await page
    .getByRole('button', { name: '+ tag' })
    .or(page.getByRole('button', { name: 'tag', exact: true }))
    .click()
  await page.getByRole('textbox', { name: 'New tag' }).fill('kept')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Take away the tag kept' }).waitFor()
  await page.reload()
  await page.getByRole('button', { name: /^Name: renamed run/ }).waitFor()
  await page.getByRole('button', { name: 'Take away the tag kept' }).waitFor()
})

test('a run that was pointed at in the list stands out there only, and its page is called by its name', async () => {
  await page.goto(home)
  const canvas = chart(page, 'train/loss', { state: 'ready' }).getByTestId('chart-canvas')
  const row = page.locator('[data-testid="run-row"][data-run="short"]')
  await canvas.waitFor()
  await row.hover()
  await expect.poll(() => canvas.getAttribute('data-highlight')).toBe('short')
  await row.getByRole('link', { name: 'short run' }).click()
  await page.waitForURL(`**${home}/runs/short`)
  await chart(page, 'train/loss', { state: 'ready', lines: 1 }).waitFor()
  expect(await canvas.getAttribute('data-highlight')).toBe('')
  await expect.poll(() => page.title()).toBe(`short run · ${project} · Kiroku`)
})

test('a run deleted on its own page comes back by undo', async () => {
  await page.goto(`${home}/runs/odd`)
  await page.getByRole('button', { name: 'Delete the run' }).click()
  await page.waitForURL(`**${home}`)
  await page.locator('[data-run="long"]').waitFor()
  await page.locator('[data-run="odd"]').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.locator('[data-run="odd"]').waitFor()
})

test('a run that somebody else deletes leaves the list, and its page asks for it no more', async () => {
  const list = await page.context().newPage()
  await list.goto(`${home}/runs`)
  await list.locator('[data-run="odd"]').waitFor()
  await page.goto(`${home}/runs/odd`)
  await page.getByRole('button', { name: 'Delete the run' }).waitFor()
  const address = { organization: server.organization, project, run: 'odd' }
  await client(server).runs.delete.mutate(address)
  await list.locator('[data-run="odd"]').waitFor({ state: 'detached' })
  await client(server).runs.restore.mutate(address)
  await list.locator('[data-run="odd"]').waitFor()
  await list.close()
})

test('texts that a run logged are on its page, newest first, and more come while one looks', async () => {
  const run = await testRun(server, { project: 'texts', run: 'writer' })
  const textAt = (step: number) => ({ metric: 'sample', step, time: step, value: `text of ${step}` })
  await postBatch(server, batchOf(run, { texts: [textAt(1), textAt(2)] }))
  await page.goto(`/${server.organization}/texts/runs/writer`)
  const rows = page.getByTestId('texts').locator('tbody pre')
  await rows.first().waitFor()
  expect(await rows.allTextContents()).toEqual(['text of 2', 'text of 1'])
  await postBatch(server, batchOf(run, { firstSeq: 3, texts: [textAt(3)] }))
  await rows.filter({ hasText: 'text of 3' }).waitFor()
  expect(await rows.allTextContents()).toEqual(['text of 3', 'text of 2', 'text of 1'])
})

test('a run with two live writers says so', async () => {
  await testRun(server, { project: 'writers', run: 'shared' })
  await testRun(server, { project: 'writers', run: 'shared' })
  await page.goto(`/${server.organization}/writers/runs/shared`)
  await page.getByTestId('writers').filter({ hasText: '2 scripts write to this run' }).waitFor()
})

test('the theme is chosen by the reader and is there before the first paint', async () => {
  const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('/')
  expect(await theme()).toBe('dark')
  await page.getByRole('button', { name: 'Theme: system' }).click()
  await page.getByRole('menuitemradio', { name: 'Light' }).click()
  await page.locator('html[data-theme="light"]').waitFor()
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => {
      document.documentElement.setAttribute('data-theme-at-first', document.documentElement.dataset['theme'] ?? '')
    })
  })
  await page.reload()
  expect(await page.locator('html').getAttribute('data-theme-at-first')).toBe('light')
})

test('on a phone the runs list is a sheet, and nothing is wider than the screen', async () => {
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
  const list = page.getByTestId('runs-list')
  expect(await list.isVisible()).toBe(false)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  await page.getByRole('button', { name: 'Show or fold the runs list' }).click()
  await list.waitFor({ state: 'visible' })
  await page.getByRole('button', { name: 'Close the runs list' }).click({ position: { x: 380, y: 400 } })
  await list.waitFor({ state: 'hidden' })
})

test('finding charts keeps those that match, in the address too', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
  await page.getByRole('searchbox', { name: 'Find charts' }).fill('accuracy')
  await chart(page, 'train/loss').waitFor({ state: 'detached' })
  await page.waitForURL((url) => url.searchParams.get('find') === 'accuracy')
  await page.reload()
  await chart(page, 'val/accuracy', { state: 'ready' }).waitFor()
  expect(await chart(page, 'train/loss').count()).toBe(0)
})

test('Ctrl-K goes to a run by a few letters', async () => {
  await page.goto(home)
  await page.getByTestId('run-row').first().waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Jump to' }).fill('odd')
  await page.getByRole('option', { name: /odd run/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${home}/runs/odd`)
  await page.getByRole('button', { name: /^Name: odd run/ }).waitFor()
})

test('keys: made once, shown once, revoked', async () => {
  await page.goto('/settings/keys')
  await page.getByRole('textbox', { name: 'Name of the new key' }).fill('cluster')
  await page.getByRole('button', { name: 'Create key' }).click()
  expect(await page.getByTestId('new-key').textContent()).toMatch(/^kiroku-[A-Za-z0-9]{40}$/)
  const row = page.getByRole('row').filter({ hasText: 'cluster' })
  await row.getByRole('button', { name: 'Revoke' }).click()
  await row.getByRole('button', { name: 'Revoke for good' }).click()
  await row.waitFor({ state: 'detached' })
})

test('an address of nothing says so', async () => {
  await openAnew({ expected: [/404/] })
  await page.goto(`/${server.organization}/no-such-project`)
  await page.getByText('There is no such project.').waitFor()
  expect(await page.getByText('reconnecting').count()).toBe(0)
  await page.getByRole('link', { name: 'All projects', exact: true }).waitFor()
  await page.goto(`${home}/runs/no-such-run`)
  await page.getByText('There is no such run.').waitFor()
})
