import { testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { openPage } from './browser.ts'
import { browser, server, startDashboard } from './dashboard.ts'

startDashboard(undefined, { localSignIn: 'off' })

test('a stranger is led to sign in, with a key, and back to where they wanted to go', async () => {
  const { page, problems, close } = await openPage(browser, server.url, { expected: [/401/] })
  await page.goto('/')
  await page.waitForURL('**/login?next=**')
  const field = page.getByLabel('API key')
  await field.fill('not a key')
  await page.keyboard.press('Enter')
  await page.getByText('A key is “kiroku-” and 40 letters or digits.').waitFor()
  await field.fill(`kiroku-${'a'.repeat(40)}`)
  await page.keyboard.press('Enter')
  await page.getByText('Nobody here has this key.').waitFor()

  await page.goto('/settings/keys')
  await page.waitForURL('**/login?next=%2Fsettings%2Fkeys')
  await field.fill(server.apiKey)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/settings/keys')
  await page.getByRole('heading', { name: /API keys/ }).waitFor()

  await page.goto('/')
  const first = page.getByRole('region', { name: 'The first run' })
  await first.waitFor()
  expect(await first.textContent()).toContain(`KIROKU_URL=${server.url}`)
  await testRun(server, { project: 'begun' })
  await page.getByTestId('project').filter({ hasText: 'begun' }).waitFor()
  await page.goto('/settings/keys')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/login')
  await page.goto('/')
  await page.waitForURL('**/login?next=**')
  await close()
  expect(problems).toEqual([])
})
