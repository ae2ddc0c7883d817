import { type TestServer, testRun, testServer } from '@kiroku/testkit'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openPage, webDir } from './browser.ts'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await testServer({ webDir, localSignIn: 'off' })
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

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
