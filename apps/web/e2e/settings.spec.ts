import { attachFile, batchOf, client, postBatch, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { openAnew, openPages, page, server, startDashboard } from './dashboard.ts'

const project = 'settled'

startDashboard(async () => {
  const time = Date.now()
  for (const [index, size] of [4000, 300, 20].entries()) {
    const run = await testRun(server, { project, run: `r${index}`, displayName: `run of ${size}` })
    const rows = Array.from({ length: size }, (_, step) => ({ step, values: { loss: Math.random() } }))
    await postBatch(server, batchOf(run, { rows }))
    if (index === 2) await attachFile(server, run, { path: 'weights', content: 'x'.repeat(9000), firstSeq: size + 1 })
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time } as const
    await postBatch(server, batchOf(run, { firstSeq: size + 2 - (index === 2 ? 0 : 1), updates: [finish] }))
  }
})
openPages({ expected: [/404/, /409/] })

const settings = (name = project): string => `/${server.organization}/${encodeURIComponent(name)}/settings`
const names = (): Promise<string[]> =>
  page
    .getByTestId('usage-row')
    .evaluateAll((rows) => rows.map((row) => row.querySelector('td a, td span')?.textContent ?? ''))

test('usage shows the largest run first, sorts by a click, and tells estimates from what is exact', async () => {
  await page.goto(`/${server.organization}/${project}`)
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByTestId('usage-row').first().waitFor()
  expect(await names()).toEqual(['run of 4000', 'run of 20', 'run of 300'])
  await page.getByRole('button', { name: 'Points' }).click()
  await page.locator('th[aria-sort="descending"]').filter({ hasText: 'Points' }).waitFor()
  await expect.poll(names).toEqual(['run of 4000', 'run of 300', 'run of 20'])
  const row = page.getByTestId('usage-row').filter({ hasText: 'run of 20' })
  expect(await row.locator('td[data-kind="points"]').textContent()).toMatch(/^20 ~/)
  expect(await row.locator('td[data-kind="files"]').textContent()).toBe('1 8.8 KiB')
  expect(await page.getByTestId('usage-sum').textContent()).toContain('in 3 runs')
})

test('a retention says what it would delete before it is saved, and is undone', async () => {
  await page.goto(settings())
  const form = page.getByTestId('retention')
  const days = form.getByLabel('Days after a run ended')
  await days.fill('30')
  await form.getByText('No run goes now, none in the next 7 days.').waitFor()
  await days.fill('7')
  await form.getByText('No run goes now, 3 more in the next 7 days.').waitFor()
  await days.fill('0')
  await form.getByText('Whole days from 1 to 36 500.').waitFor()
  expect(await form.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await days.fill('30')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Runs are deleted 30 days after they ended').waitFor()
  const path = { organization: server.organization, project }
  expect((await client(server).projects.byPath.query(path)).retentionDays).toBe(30)
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(async () => (await client(server).projects.byPath.query(path)).retentionDays).toBeNull()
})

test('a project is renamed where its name stands', async () => {
  await page.goto(settings())
  await page.getByRole('button', { name: `Name: ${project}. Edit` }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('renamed here')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**${settings('renamed here')}`)
  await page.getByTestId('usage-row').first().waitFor()
  await client(server).projects.update.mutate({
    organization: server.organization,
    project: 'renamed here',
    set: { name: project },
  })
})

test('a deleted run comes back from the usage of its project', async () => {
  await client(server).runs.delete.mutate({ organization: server.organization, project, run: 'r1' })
  await page.goto(settings())
  await page.locator('[data-testid="usage-row"][data-deleted]').getByRole('button', { name: 'Restore' }).click()
  await page.locator('[data-testid="usage-row"][data-deleted]').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'run of 300' }).waitFor()
})

test('deleting a project offers undo, and later the organization’s page does', async () => {
  await page.goto(settings())
  await page.getByRole('button', { name: 'Delete project' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  await page.getByText(`${project} is deleted`).waitFor()
  await page.getByTestId('project').filter({ hasText: project }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.waitForURL(`**/${server.organization}/${project}`)
  await page.goto(settings())
  await page.getByRole('button', { name: 'Delete project' }).click()
  await page.waitForURL((url) => url.pathname === '/')
  await page.goto('/settings/keys')
  await page.getByRole('link', { name: /^Usage and settings of/ }).click()
  const row = page.locator('[data-testid="usage-row"][data-deleted]')
  await row.getByRole('button', { name: 'Restore' }).click()
  await row.waitFor({ state: 'detached' })
  await page.getByTestId('usage-row').getByRole('link', { name: project }).click()
  await page.waitForURL(`**${settings()}`)
})

test('the organization of the server stays, and another comes back after it was deleted', async () => {
  await page.goto(`/settings/organizations/${server.organization}`)
  await page.getByText('The server was set up with this organization').waitFor()
  expect(await page.getByRole('button', { name: 'Delete organization' }).isDisabled()).toBe(true)
  const other = await server.createOrganization('leaving')
  await openAnew({ expected: [/404/, /401/] })
  const signedIn = await page.request.post('/api/session', { data: { apiKey: other.apiKey } })
  expect(signedIn.status()).toBe(204)
  await page.goto('/settings/organizations/leaving')
  await page.getByRole('button', { name: 'Delete organization' }).click()
  await page.getByText('leaving was deleted.').waitFor()
  await page.goto('/')
  await page.getByRole('link', { name: 'Restore leaving' }).click()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByRole('heading', { name: 'Organization settings of leaving' }).waitFor()
})

test('an organization that there is not is not shown', async () => {
  await page.goto('/settings/organizations/nobody')
  await page.getByText('There is no such organization.').waitFor()
})
