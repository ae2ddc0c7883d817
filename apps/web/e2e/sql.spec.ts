import { expect, test } from 'vitest'
import { openPages, page, server, startDashboard } from './dashboard.ts'
import { seedRuns } from './seed.ts'

const project = 'sql'
let home: string

startDashboard(async () => {
  await seedRuns(server, project)
  home = `/${server.organization}/${project}/sql`
})
openPages({
  permissions: ['clipboard-read', 'clipboard-write'],
  // A refused query is an answer of 400.
  expected: [/status of 400/],
})

const cells = (): Promise<string[][]> =>
  page
    .getByTestId('sql-row')
    .evaluateAll((rows) =>
      rows.map((row) => [...row.querySelectorAll('td span')].map((cell) => cell.textContent ?? '')),
    )
const write = async (query: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Query' }).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(query)
}

test('a query is run by Ctrl-Enter, is in the address, and is run again by its link', async () => {
  await page.goto(`/${server.organization}/${project}`)
  await page.getByRole('link', { name: 'SQL', exact: true }).click()
  await page.waitForURL(`**${home}`)
  await write('SELECT run, config.lr FROM runs ORDER BY config.lr')
  await page.keyboard.press('Control+Enter')
  await page.getByTestId('sql-row').first().waitFor()
  const expected = [
    ['short', '0.01'],
    ['odd', '0.05'],
    ['long', '0.1'],
  ]
  expect(await cells()).toEqual(expected)
  await page.waitForURL((url) => (url.searchParams.get('q') ?? '').startsWith('SELECT run, config.lr'))
  await page.getByRole('button', { name: 'Copy as CSV' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    'run,config.lr\r\nshort,0.01\r\nodd,0.05\r\nlong,0.1\r\n',
  )
  await page.reload()
  await page.getByTestId('sql-row').first().waitFor()
  expect(await cells()).toEqual(expected)
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('menuitem', { name: /^SELECT run, config.lr/ }).waitFor()
})

test('examples can be had once it is known which metrics there are', async () => {
  let answer = (): void => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route(/metrics\.list/, async (route) => {
    await held
    await route.continue()
  })
  await page.goto(home)
  const button = page.getByRole('button', { name: 'Examples' })
  await button.waitFor()
  expect(await button.isDisabled()).toBe(true)
  answer()
  await button.click()
  await page.getByRole('menuitem', { name: 'Last value of each run' }).click()
  await page.getByTestId('sql-row').first().waitFor()
})

test('every example gives rows of this project, and a series is drawn', async () => {
  await page.goto(home)
  const names = ['Best run of each group', 'Last value of each run', 'Moving average', 'Time to target']
  for (const name of names) {
    await page.getByRole('button', { name: 'Examples' }).click()
    await page.getByRole('menuitem', { name }).click()
    await page.waitForURL((url) => url.searchParams.has('q'))
    await page.getByRole('button', { name: /^Run/ }).waitFor()
    await page.getByTestId('sql-count').waitFor()
    await expect.poll(() => page.getByTestId('sql-row').count(), { message: name }).toBeGreaterThan(0)
  }
  await page.getByRole('button', { name: 'Examples' }).click()
  await page.getByRole('menuitem', { name: 'Moving average' }).click()
  await page.getByText(/^5 ?000 rows|^5,000 rows|^5000 rows/).waitFor()
  await page.getByRole('button', { name: 'Chart', exact: true }).click()
  await page.locator('[data-testid="sql-chart"][data-lines="1"] canvas').first().waitFor()
})

test('a mistake is told and marked, until it is corrected', async () => {
  await page.goto(`${home}?${new URLSearchParams({ q: 'SELECT vlaue FROM points' })}`)
  await page
    .getByTestId('sql-error')
    .filter({ hasText: 'Unknown expression identifier `vlaue`; did you mean value?' })
    .waitFor()
  expect(await page.locator('[class*="mistake"]').textContent()).toBe('vlaue')
  await write("SELECT count() FROM points WHERE run = 'short'")
  await page.locator('[class*="mistake"]').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+Enter')
  await page.getByTestId('sql-row').first().waitFor()
  expect(await cells()).toEqual([['300']])
  expect(await page.getByTestId('sql-error').count()).toBe(0)
})

test('more rows than are shown are told, and a click on a column writes its name', async () => {
  await page.goto(`${home}?${new URLSearchParams({ q: 'SELECT number FROM numbers(20000)' })}`)
  await page
    .getByTestId('sql-count')
    .filter({ hasText: /the first 10.?000 rows of more/ })
    .waitFor()
  expect(await page.getByTestId('sql-row').count()).toBeLessThan(200)
  await write('SELECT ')
  await page.getByRole('searchbox', { name: 'Find a column' }).fill('model.d')
  await page.getByRole('button', { name: /config\.model\.depth/ }).click()
  expect(await page.getByRole('textbox', { name: 'Query' }).textContent()).toBe('SELECT config.model.depth')
})
