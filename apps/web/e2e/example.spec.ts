import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { client, readPoints } from '@kiroku/testkit'
import { afterAll, expect, test } from 'vitest'
import { chart, chartNumber, openPage } from './browser.ts'
import { browser, server, startDashboard } from './dashboard.ts'

const example = fileURLToPath(new URL('../../../examples/mnist/dist/train.js', import.meta.url))
let directory: string

startDashboard(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiroku-example-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

test('the example’s run appears as it starts, and its charts move while it trains (defect 14)', async () => {
  const { page, problems, close } = await openPage(browser, server.url)
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).first().waitFor()

  const script = spawn(process.execPath, [example, '--epochs', '2'], {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      KIROKU_URL: server.url,
      KIROKU_API_KEY: server.apiKey,
      KIROKU_DIR: directory,
    },
    stdio: 'ignore',
  })
  const exit = once(script, 'exit')
  try {
    await page.getByRole('link', { name: /mnist/ }).first().click()
    await page.locator('[data-run][data-state="running"]').waitFor()

    const loss = chart(page, 'train/loss', { 'x-title': 'batch' })
    await loss.waitFor()
    const seen = [await chartNumber(loss, 'points')]
    while (seen.length < 4) {
      const before = seen.at(-1) ?? 0
      await expect.poll(() => chartNumber(loss, 'points'), { timeout: 20_000, interval: 50 }).toBeGreaterThan(before)
      expect(await page.locator('[data-run]').first().getAttribute('data-state')).toBe('running')
      seen.push(await chartNumber(loss, 'points'))
    }
    expect(await exit).toEqual([0, null])
    await page.locator('[data-run][data-state="finished"]').waitFor()
  } finally {
    script.kill('SIGKILL')
  }

  const project = { organization: server.organization, project: 'mnist' }
  const [run] = (await client(server).runs.list.query(project)).runs
  if (run === undefined) throw new Error('the run is not listed')
  const at = { ...project, run: run.slug }
  const [batches, losses, accuracies] = await Promise.all(
    ['batch', 'train/loss', 'val/accuracy'].map((metric) => readPoints(server, { ...at, metric })),
  )
  expect(losses?.values.length).toBe(1000)
  expect([...(batches?.values ?? [])]).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  expect(accuracies?.values.length).toBe(2)
  expect(accuracies?.values.at(-1)).toBeGreaterThan(0.9)
  expect(run.summary).toMatchObject({ epoch: 2, test_accuracy: expect.any(Number) })

  await chart(page, 'train/loss', { 'x-title': 'batch', points: 1000, state: 'ready' }).waitFor()
  const validation = chart(page, 'val/accuracy', { 'x-title': 'epoch', points: 2 })
  await validation.scrollIntoViewIfNeeded()
  await chart(page, 'val/accuracy', { 'x-title': 'epoch', points: 2, state: 'ready', 'last-x': 2 }).waitFor()
  expect(problems).toEqual([])
  await close()
}, 300_000)
