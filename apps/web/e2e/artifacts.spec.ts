import { client, logArtifact, testRun } from '@kiroku/testkit'
import { expect, test } from 'vitest'
import { openPages, page, server, startDashboard } from './dashboard.ts'
import { seedArtifacts } from './seed-artifacts.ts'

const project = 'lineage'
let home: string

startDashboard(async () => {
  await seedArtifacts(server, project)
  home = `/${server.organization}/${project}`
})
openPages()

const cards = (side: 'inputs' | 'outputs') => page.getByTestId(side).getByTestId('artifact-card')
const namesOf = (side: 'inputs' | 'outputs') =>
  cards(side).evaluateAll((all) => all.map((card) => card.getAttribute('data-name')))

test('a run shows what it used and made, and leads to the runs on the other side', async () => {
  await page.goto(`${home}/runs/train`)
  await page.getByTestId('tab-artifacts').click()
  await page.getByTestId('lineage').waitFor()
  expect(await namesOf('inputs')).toEqual(['digits:v1'])
  expect(await namesOf('outputs')).toEqual(['net:v0'])
  await cards('outputs').getByRole('link', { name: 'evaluation' }).click()
  await page.waitForURL((url) => url.pathname.endsWith('/runs/evaluate') && url.searchParams.get('tab') === 'artifacts')
  await page.getByTestId('lineage-run').getByText('evaluation').waitFor()
  expect(await namesOf('inputs')).toEqual(['net:v0'])
  expect(await namesOf('outputs')).toEqual([])
})

test('the page of a run follows what it makes', async () => {
  await testRun(server, { project, run: 'live' })
  await page.goto(`${home}/runs/live?tab=artifacts`)
  await page.getByText('The run has used and made no artifacts.').waitFor()
  await logArtifact(server, {
    organization: server.organization,
    project,
    name: 'fresh',
    run: 'live',
    files: { a: 'a' },
  })
  await cards('outputs').getByText('fresh').waitFor()
})

test('an artifact shows its versions, and of each its files, to be downloaded', async () => {
  await page.goto(home)
  await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name: 'Artifacts' }).click()
  const row = page.locator('[data-testid="artifact"][data-name="digits"]')
  await row.getByRole('link').click()
  await page.locator('[data-testid="artifact-page"][data-version="v1"]').waitFor()
  await page.getByTestId('version-detail').getByText('Scanned digits').waitFor()
  await page.getByTestId('metadata').getByText('split.train').waitFor()
  await page.locator('[data-testid="version"][data-version="v0"]').click()
  await page.waitForURL((url) => url.pathname.endsWith('/artifacts/digits/v0'))
  const file = page.locator('[data-testid="artifact-file"][data-path="labels/train.csv"]')
  const download = page.waitForEvent('download')
  await file.getByRole('link', { name: 'Download labels/train.csv' }).click()
  expect((await download).suggestedFilename()).toBe('train.csv')
  const stream = await (await download).createReadStream()
  let text = ''
  for await (const piece of stream) text += piece
  expect(text).toBe('first')
})

test('artifacts are listed by type, tables only when they are asked for', async () => {
  await page.goto(`${home}/artifacts`)
  const rows = page.getByTestId('artifact')
  await rows.first().waitFor()
  expect(await rows.evaluateAll((all) => all.map((each) => each.getAttribute('data-name')))).not.toContain(
    'run-train-rows',
  )
  await page.getByRole('button', { name: 'logged tables' }).click()
  await page.locator('[data-testid="artifact"][data-name="run-train-rows"]').waitFor()
  const { types } = await client(server).artifacts.list.query({ organization: server.organization, project })
  expect(types.map(({ type }) => type)).toEqual(['dataset', 'model', 'run_table'])
  await page.goto(`${home}/artifacts/nothing`)
  await page.getByText('There is no such artifact.').waitFor()
})
