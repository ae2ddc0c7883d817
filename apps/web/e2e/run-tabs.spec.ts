import { batchOf, postBatch, testRun } from '@kiroku/testkit'
import { describe, expect, test } from 'vitest'
import { openPages, page, server, startDashboard } from './dashboard.ts'
import { errorLine, mediaSteps, printedLines, seedMedia, seedPrinted } from './seed-output.ts'

const project = 'output'
let home: string

startDashboard(async () => {
  await seedPrinted(server, project)
  await seedMedia(server, project)
  home = `/${server.organization}/${project}/runs`
})
openPages({ permissions: ['clipboard-read', 'clipboard-write'] })

const lines = () => page.getByTestId('log-line')
const lineWith = (text: string) => lines().filter({ hasText: text })

describe('6 what a run printed', () => {
  test('is there from the first line to the last, of which few exist at a time', async () => {
    await page.goto(`${home}/talkative`)
    await page.getByTestId('tab-logs').click()
    await page.waitForURL((url) => url.searchParams.get('tab') === 'logs')
    await page.locator(`[data-testid="logs"][data-total="${printedLines}"]`).waitFor()
    await lineWith('epoch 0 batch 0 ').first().waitFor()
    expect(await lines().count()).toBeLessThan(300)
    await page.getByRole('button', { name: 'Follow the end' }).click()
    const last = lineWith('done in 12.3 s')
    await last.waitFor()
    expect(await last.getByText('done', { exact: true }).getAttribute('style')).toContain('--ansi-2')
    expect(await last.locator('[data-text]').textContent()).toBe('done in 12.3 s')
    expect(await lines().count()).toBeLessThan(300)
  })

  test('can be searched, with standard error told apart, and the address says for what', async () => {
    await page.goto(`${home}/talkative?tab=logs`)
    await page.getByRole('searchbox', { name: 'Find lines' }).fill('NOT finite')
    await page.locator('[data-testid="logs"][data-total="1"]').waitFor()
    await page.locator('[data-testid="log-line"][data-stream="stderr"]').waitFor()
    const [number, text] = await lines().first().locator('> span').allTextContents()
    expect([number, text]).toEqual([String(errorLine + 1), 'Warning: the loss is not finite'])
    await page.waitForURL((url) => url.searchParams.get('lines') === 'NOT finite')
    await page.getByRole('searchbox', { name: 'Find lines' }).fill('no such line')
    await page.getByText('No line contains that.').waitFor()
  })

  test('can be had whole', async () => {
    await page.goto(`${home}/talkative?tab=logs`)
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download all lines' }).click()
    expect((await download).suggestedFilename()).toBe('talkative-output.log')
  })

  test('is followed at its end while the run is live, until one scrolls up, and again by a button', async () => {
    const run = await testRun(server, { project, run: 'live' })
    const printed = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        line: from + index,
        stream: 'stdout' as const,
        time: Date.now(),
        text: `line ${from + index}.`,
      }))
    await postBatch(server, batchOf(run, { console: printed(0, 200) }))
    await page.goto(`${home}/live?tab=logs`)
    await lineWith('line 199.').waitFor()
    await postBatch(server, batchOf(run, { firstSeq: 201, console: printed(200, 200) }))
    await lineWith('line 399.').waitFor()
    await page.getByRole('log').hover()
    await page.mouse.wheel(0, -1500)
    await page.locator('[data-testid="logs"][data-following="false"]').waitFor()
    await postBatch(server, batchOf(run, { firstSeq: 401, console: printed(400, 200) }))
    await page.locator('[data-testid="logs"][data-total="600"]').waitFor()
    expect(await lineWith('line 599.').count()).toBe(0)
    await page.getByRole('button', { name: 'Follow the end' }).last().click()
    await lineWith('line 599.').waitFor()
    const bar = { line: 599, stream: 'stdout' as const, time: Date.now(), text: '100 % done' }
    await postBatch(server, batchOf(run, { firstSeq: 601, console: [bar] }))
    await lineWith('100 % done').waitFor()
    expect(await lineWith('line 599.').count()).toBe(0)
  })

  test('is told how to be had where there is nothing', async () => {
    await testRun(server, { project, run: 'silent' })
    await page.goto(`${home}/silent?tab=logs`)
    await page.getByTestId('logs-empty').getByText('KIROKU_CONSOLE=false').waitFor()
  })
})

describe('6 the files of a run', () => {
  test('are listed by folder; a patch shows as a diff, and its address leads to it', async () => {
    await page.goto(`${home}/media?tab=files`)
    await page.locator('[data-testid="file"][data-path="code/"]').getByRole('button').click()
    await page.locator('[data-testid="file"][data-path="code/src/"]').getByRole('button').click()
    await page.locator('[data-testid="file"][data-path="code/src/train.ts"]').getByRole('button').click()
    await page.getByTestId('code-line').filter({ hasText: "import { init } from '@kiroku/sdk'" }).waitFor()
    await page.getByRole('navigation', { name: 'Folder' }).getByRole('button', { name: 'media' }).click()
    await page.locator('[data-testid="file"][data-path="diff.patch"]').getByRole('button').click()
    const kinds = page.getByTestId('code-line')
    await kinds.filter({ hasText: 'gradientNorm' }).waitFor()
    expect(await page.locator('[data-kind="added"]').count()).toBe(2)
    expect(await page.locator('[data-kind="removed"]').count()).toBe(1)
    await page.waitForURL((url) => url.searchParams.get('file') === 'diff.patch')
    await page.reload()
    await page.locator('[data-kind="added"]').first().waitFor()
  })

  test('that no page can show are offered for download', async () => {
    await page.goto(`${home}/media?tab=files&file=weights.bin`)
    await page.getByText('There is no picture of this kind of file.').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the file' }).click()
    expect((await download).suggestedFilename()).toBe('weights.bin')
  })

  test('are led to from the overview, which has the command that restores the run', async () => {
    await page.goto(`${home}/media`)
    await page.getByTestId('restore').getByRole('button', { name: 'Copy the command' }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe(`kiroku restore ${server.organization}/${project}/media`)
    await page
      .getByTestId('facts-git')
      .getByRole('button', { name: /^diff\.patch/ })
      .click()
    await page.locator('[data-testid="file-viewer"][data-view="diff"]').waitFor()
  })
})

describe('media of a run', () => {
  const card = (metric: string) => page.locator(`[data-testid="media-card"][data-metric="${metric}"]`)

  test('have a slider over their steps that keys move, and follow the latest unless moved', async () => {
    await page.goto(`${home}/media?tab=media`)
    const weights = card('weights/layer1')
    await weights.getByTestId('histogram-bars').waitFor()
    const last = mediaSteps.at(-1)
    await weights.locator(`[data-step="${last}"]`).waitFor()
    expect(await weights.getByTestId('heat-map').getAttribute('data-steps')).toBe(String(mediaSteps.length))
    const slider = weights.getByRole('slider')
    await slider.focus()
    await page.keyboard.press('ArrowLeft')
    await weights.locator(`[data-step="${mediaSteps.at(-2)}"]`).waitFor()
    await page.waitForURL((url) => url.searchParams.get('step.weights/layer1') === String(mediaSteps.at(-2)))
    await page.keyboard.press('Home')
    await weights.locator('[data-step="0"]').waitFor()
    await page.keyboard.press('End')
    await weights.locator(`[data-step="${last}"]`).waitFor()
    await page.waitForURL((url) => !url.searchParams.has('step.weights/layer1'))
  })

  test('show images with captions, one large by a click', async () => {
    await page.goto(`${home}/media?tab=media`)
    const samples = card('samples')
    await samples.getByRole('img', { name: 'class 3' }).waitFor()
    expect(await samples.getByRole('img').count()).toBe(6)
    const width = samples.getByRole('img', { name: 'class 3' })
    await expect
      .poll(() => width.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0)))
      .toBe(28)
    await samples.getByRole('button', { name: 'Enlarge class 3' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('4 of 6').waitFor()
    await dialog.getByRole('button', { name: 'Next image' }).click()
    await dialog.getByRole('img', { name: 'class 4' }).waitFor()
  })

  test('show tables whose columns sort', async () => {
    await page.goto(`${home}/media?tab=media`)
    const table = card('predictions')
    await table.scrollIntoViewIfNeeded()
    await table.getByTestId('table-row').first().waitFor()
    await table.getByRole('button', { name: 'id' }).click()
    await table.getByRole('button', { name: 'id ↑' }).click()
    await table.getByRole('columnheader', { name: 'id ↓' }).waitFor()
    expect(await table.getByTestId('table-row').first().locator('td').first().textContent()).toBe('499')
    expect(await table.getByTestId('table-row').count()).toBeLessThan(100)
  })

  test('are not among the texts of the overview', async () => {
    await page.goto(`${home}/media`)
    const texts = page.getByTestId('texts')
    await texts.getByText(`note of ${mediaSteps.at(-1)}`).waitFor()
    expect(await texts.getByText('histogram').count()).toBe(0)
    expect(await texts.locator('table').count()).toBe(1)
  })
})

describe('who writes to a run', () => {
  test('is a warning where two scripts do, and none where the run is shared', async () => {
    const label = (name: string) => ({ project, run: 'several', shared: true, label: name })
    await testRun(server, label('worker 0'))
    await testRun(server, label('worker 1'))
    await page.goto(`${home}/several`)
    await page.getByTestId('shared').filter({ hasText: '2 writing' }).waitFor()
    expect(await page.getByTestId('writers').count()).toBe(0)
  })

  test('is told of a run that was resumed', async () => {
    const first = await testRun(server, { project, run: 'resumed', startedAt: Date.now() - 3_600_000 })
    const finish = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() - 3_500_000 } as const
    await postBatch(server, batchOf(first, { updates: [finish] }))
    await testRun(server, { project, run: 'resumed', resume: 'must' })
    await page.goto(`${home}/resumed`)
    await page.getByTestId('resumed').waitFor()
    await page
      .getByTestId('facts-run')
      .getByText(/^once, it rested 58 m/)
      .waitFor()
  })
})
