import { projectPath } from '@kiroku/core/routes'
import { batchOf, postBatch, testRun } from '@kiroku/testkit'
import type { Request } from 'playwright-core'
import { expect, test } from 'vitest'
import { chart, chartNumber, plotPoints } from './browser.ts'
import { openAnew, openPages, page, server, startDashboard } from './dashboard.ts'
import { longLoss, longSteps, odd, seedRuns, spikes } from './seed.ts'

const project = 'work space ü'
let home: string

startDashboard(async () => {
  await seedRuns(server, project)
  home = projectPath({ organization: server.organization, project })
})
openPages()

const isSeries = (request: Request): boolean => request.url().endsWith('/api/series')

test('each metric has a chart over the axis that it is bound to', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready', 'x-title': 'batch', lines: 3 }).waitFor()
  await chart(page, 'val/accuracy', { state: 'ready', 'x-title': 'epoch', lines: 1 }).waitFor()
  await chart(page, 'lr', { state: 'ready', 'x-title': '_step', lines: 2 }).waitFor()
  const sections = await page
    .getByTestId('section')
    .evaluateAll((all) => all.map((one) => one.getAttribute('data-section')))
  expect(sections).toEqual(['charts', 'train', 'val', 'axes'])
  expect(await chart(page, 'batch').count()).toBe(0)
  await page.getByRole('button', { name: /^axes/ }).click()
  await chart(page, 'batch').scrollIntoViewIfNeeded()
  await chart(page, 'batch', { state: 'ready' }).waitFor()
})

test('a cut line keeps every extreme; zooming fetches that range and shows every point', async () => {
  await page.goto(`${home}?show=long&hide=odd&hide=short`)
  const panel = chart(page, 'train/loss', { state: 'ready', lines: 1 })
  await panel.waitFor()
  expect(await panel.getByTestId('badge').textContent()).toMatch(/^1 : \d+$/)
  expect(await chartNumber(panel, 'points')).toBe(longSteps)
  expect(await chartNumber(panel, 'low')).toBe(spikes.low.value)
  expect(await chartNumber(panel, 'high')).toBe(spikes.high.value)
  expect([await chartNumber(panel, 'from'), await chartNumber(panel, 'to')]).toEqual([0, longSteps - 1])

  const asked = page.waitForRequest((request) => isSeries(request) && request.postDataJSON().range !== undefined)
  const [from, to] = await plotPoints(panel, 0.35, 0.4)
  if (from === undefined || to === undefined) throw new Error('two places were asked for')
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move(to.x, to.y, { steps: 4 })
  await page.mouse.up()
  const { range, series } = (await asked).postDataJSON()
  expect(series).toEqual([{ run: 'long', metric: 'train/loss', stream: 'history' }])
  const margin = (longSteps - 1) * 0.05 * 0.25
  expect(range.from).toBeCloseTo((longSteps - 1) * 0.35 - margin, -2)
  expect(range.to).toBeCloseTo((longSteps - 1) * 0.4 + margin, -2)

  await panel.getByTestId('badge').filter({ hasText: 'exact' }).waitFor()
  const [viewFrom, viewTo] = [await chartNumber(panel, 'from'), await chartNumber(panel, 'to')]
  expect(viewFrom - range.from).toBeCloseTo(margin, -2)
  expect(range.to - viewTo).toBeCloseTo(margin, -2)
  const [first, last] = [Math.ceil(viewFrom), Math.floor(viewTo)]
  const steps = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  expect(await chartNumber(panel, 'points')).toBe(steps.length)
  expect(await chartNumber(panel, 'low')).toBe(Math.min(...steps.map(longLoss)))
  expect(await chartNumber(panel, 'high')).toBe(Math.max(...steps.map(longLoss)))

  await page.waitForURL((url) => url.searchParams.has('chart.train/loss'))
  await page.reload()
  await panel.getByTestId('badge').filter({ hasText: 'exact' }).waitFor()
  expect(await chartNumber(panel, 'points')).toBe(steps.length)

  const [middle] = await plotPoints(panel, 0.5)
  if (middle === undefined) throw new Error('a place was asked for')
  await page.mouse.dblclick(middle.x, middle.y)
  await panel.getByTestId('badge').filter({ hasText: '1 :' }).waitFor()
  expect(await chartNumber(panel, 'points')).toBe(longSteps)
})

test('zooming into a chart that is exact asks for nothing, and its line leads through from point to point', async () => {
  await page.goto(`${home}?show=long&hide=odd&hide=short`)
  const panel = chart(page, 'val/accuracy', { state: 'ready', lines: 1 })
  await panel.waitFor()
  let asked = 0
  page.on('request', (request) => {
    if (isSeries(request) && request.postDataJSON().series[0].metric === 'val/accuracy') asked++
  })
  const [from, to] = await plotPoints(panel, 0.42, 0.44)
  if (from === undefined || to === undefined) throw new Error('two places were asked for')
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  await page.mouse.move(to.x, to.y, { steps: 4 })
  await page.mouse.up()
  await chart(page, 'val/accuracy', { state: 'ready', lines: 1, points: 0 }).waitFor()
  await panel.getByRole('button', { name: 'zoomed' }).click()
  await chart(page, 'val/accuracy', { state: 'ready', points: longSteps / 1000 }).waitFor()
  expect(asked).toBe(0)
})

test('what is seen stays when one looks at another page, and keys work after the slider was moved', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
  await page.getByRole('slider', { name: 'smoothing' }).fill('0.5')
  await page.waitForURL((url) => url.searchParams.get('smooth') === '0.5')
  const color = await page.locator('[data-run="long"] span[aria-hidden="true"]').first().getAttribute('style')
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  const dot = page.locator('tr[data-run="long"] th span').first()
  await dot.waitFor()
  const background = /background: ([^;]+)/
  expect(background.exec((await dot.getAttribute('style')) ?? '')?.[1]).toBe(background.exec(color ?? '')?.[1])
  await page.getByRole('link', { name: 'Workspace' }).click()
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
  expect(new URL(page.url()).searchParams.get('smooth')).toBe('0.5')
  expect(await page.getByRole('slider', { name: 'smoothing' }).inputValue()).toBe('0.5')
})

test('NaN and the infinities are marks, and stand in the table behind the chart', async () => {
  await page.goto(`${home}?show=odd&hide=long&hide=short`)
  const panel = chart(page, 'train/loss', { state: 'ready', lines: 1 })
  await panel.waitFor()
  expect(await chartNumber(panel, 'nan')).toBe(odd.nan.length)
  expect(await chartNumber(panel, 'infinite')).toBe(odd.positive.length + odd.negative.length)
  expect(await chartNumber(panel, 'points')).toBe(50)
  await panel.hover()
  await panel.getByRole('button', { name: 'Data table' }).click()
  const table = page.getByRole('dialog').getByRole('table')
  const rowAt = (step: number) => table.locator(`tr[aria-rowindex="${step + 2}"] td`)
  await rowAt(odd.negative[0]).first().waitFor()
  expect(await rowAt(odd.nan[0]).allTextContents()).toContain('NaN')
  expect(await rowAt(odd.positive[0]).nth(2).textContent()).toBe('+Infinity')
  expect(await rowAt(odd.negative[0]).nth(2).textContent()).toBe('-Infinity')
  expect(await rowAt(1).nth(2).textContent()).toBe('1.01')
})

test('hovering tells the values of all runs, sorted, beside the pointer', async () => {
  await page.goto(`${home}?chart.train%2Floss=0..40`)
  const panel = chart(page, 'train/loss', { state: 'ready', lines: 3 })
  await panel.waitFor()
  const [at] = await plotPoints(panel, 0.6)
  if (at === undefined) throw new Error('a place was asked for')
  await page.mouse.move(at.x, at.y)
  const tooltip = page.getByTestId('chart-tooltip')
  await tooltip.waitFor()
  expect(await tooltip.getByTestId('tooltip-x').textContent()).toBe('batch 24')
  const rows = await tooltip
    .locator('tr')
    .evaluateAll((all) =>
      all.map((row) => [
        row.children[1]?.textContent,
        Number(row.querySelector('[data-value]')?.getAttribute('data-value')),
      ]),
    )
  expect(rows).toEqual([
    ['short run', 5],
    ['long run', longLoss(24)],
    ['odd run', 1.24],
  ])
  expect(await tooltip.locator('tr[data-nearest="true"]').count()).toBe(1)
  const box = await tooltip.boundingBox()
  if (box === null) throw new Error('the tooltip has no place')
  const isUnder = at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height
  expect(isUnder).toBe(false)
})

test('a point that came without its time has it once a pointer rests on it', async () => {
  // As a chart of very many lines asks.
  await page.route('**/api/series', async (route) => {
    await route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), times: false }) })
  })
  await page.goto(`${home}?chart.lr=0..40`)
  const panel = chart(page, 'lr', { state: 'ready' })
  await panel.waitFor()
  const [at] = await plotPoints(panel, 0.6)
  if (at === undefined) throw new Error('a place was asked for')
  await page.mouse.move(at.x, at.y)
  await page
    .getByTestId('chart-tooltip')
    .filter({ hasText: /_step 24.*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/s })
    .waitFor()
  await page.unroute('**/api/series')
})

test('the x axis can be chosen for all charts, and for one', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
  await page.getByTestId('x-axis').click()
  await page.getByRole('menuitemradio', { name: 'Relative time' }).click()
  await chart(page, 'train/loss', { state: 'ready', 'x-title': 'relative time' }).waitFor()
  expect(await chartNumber(chart(page, 'train/loss'), 'to')).toBe((longSteps - 1) * 100)
  await page.waitForURL((url) => url.searchParams.get('x') === 'relative')
  await chart(page, 'lr').hover()
  await page.getByRole('button', { name: 'Settings of lr' }).click()
  await page.getByRole('menuitemradio', { name: 'batch' }).click()
  await chart(page, 'lr', { state: 'ready', 'x-title': 'batch' }).waitFor()
})

test('the eye shows and hides a run, and the address says so', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready', lines: 3 }).waitFor()
  await page.getByRole('button', { name: 'Draw long run' }).click()
  await chart(page, 'train/loss', { state: 'ready', lines: 2 }).waitFor()
  await page.waitForURL((url) => url.searchParams.getAll('hide').includes('long'))
  expect(await page.getByTestId('drawn-count').textContent()).toBe('2 of 3 drawn')
})

test('a tag filters the runs, and keys move through them', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready', lines: 3 }).waitFor()
  await page.locator('[data-run="long"]').getByRole('button', { name: 'baseline' }).click()
  await chart(page, 'train/loss', { state: 'ready', lines: 1 }).waitFor()
  expect(await page.getByTestId('run-row').count()).toBe(1)
  await page.keyboard.press('j')
  await page.keyboard.press('v')
  await page.getByText('No run is drawn.').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('nothing like this')
  await page.getByText('No run matches.').waitFor()
})

test('a running script’s charts grow by themselves, and a new run appears', async () => {
  await page.goto(home)
  await chart(page, 'train/loss', { state: 'ready', lines: 3 }).waitFor()
  await page.evaluate(() => document.body.setAttribute('data-untouched', 'yes'))
  const run = await testRun(server, {
    project,
    run: 'live',
    displayName: 'live run',
    definitions: [{ name: 'live/*', stepMetric: 'batch' }],
  })
  let firstSeq = 1
  for (const last of [49, 99, 149]) {
    const rows = Array.from({ length: 50 }, (_, index) => last - 49 + index)
    await postBatch(
      server,
      batchOf(run, {
        firstSeq,
        rows: rows.map((step) => ({ step, values: { batch: step, 'live/loss': 1 / (step + 1) } })),
      }),
    )
    firstSeq += rows.length
    await chart(page, 'live/loss').scrollIntoViewIfNeeded()
    await chart(page, 'live/loss', { 'x-title': 'batch', 'last-x': last, points: last + 1 }).waitFor()
  }
  expect(await page.locator('[data-run="live"]').getAttribute('data-state')).toBe('running')
  const finish = { type: 'finish', state: 'failed', exitCode: 1, time: Date.now() } as const
  await postBatch(server, batchOf(run, { firstSeq, updates: [finish] }))
  await page.locator('[data-run="live"][data-state="failed"]').waitFor()
  expect(await page.locator('body').getAttribute('data-untouched')).toBe('yes')
})

test('what happens before the live stream opens is seen once it does', async () => {
  const run = await testRun(server, { project, run: 'early' })
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ step: from + index, values: { 'early/loss': from + index } }))
  await postBatch(server, batchOf(run, { rows: rows(0, 10) }))
  let open = (): void => {}
  const isOpen = new Promise<void>((resolve) => {
    open = resolve
  })
  await page.route('**/api/live?*', async (route) => {
    await isOpen
    await route.continue()
  })
  await page.goto(`${home}?find=early`)
  await chart(page, 'early/loss', { state: 'ready', points: 10 }).waitFor()
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() } as const
  await postBatch(server, batchOf(run, { firstSeq: 11, rows: rows(10, 20), updates: [finish] }))
  open()
  await chart(page, 'early/loss', { state: 'ready', points: 20 }).waitFor()
  await page.locator('[data-run="early"][data-state="finished"]').waitFor()
})

test('what happens while one looks at another page is seen on the way back', async () => {
  const run = await testRun(server, { project, run: 'away' })
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({ step: from + index, values: { 'away/loss': from + index } }))
  await postBatch(server, batchOf(run, { rows: rows(0, 10) }))
  await page.goto(`${home}?find=away`)
  await chart(page, 'away/loss', { state: 'ready', points: 10 }).waitFor()
  await page.locator('[data-run="away"]').getByRole('link').click()
  await page.locator('header').getByText('running').waitFor()
  const finish = { type: 'finish', state: 'finished', exitCode: 0, time: Date.now() } as const
  await testRun(server, { project, run: 'meanwhile' })
  await postBatch(server, batchOf(run, { firstSeq: 11, rows: rows(10, 20), updates: [finish] }))
  await page.locator('header').getByText('finished').waitFor()
  await page.getByRole('link', { name: 'Workspace' }).click()
  await page.locator('[data-run="meanwhile"]').waitFor()
  await page.locator('[data-run="away"][data-state="finished"]').waitFor()
  await chart(page, 'away/loss', { state: 'ready', points: 20 }).waitFor()
})

test('a chart that cannot be fetched says so and tries again', async () => {
  await openAnew({ expected: [/503/] })
  let isBroken = true
  await page.route('**/api/series', (route) =>
    isBroken
      ? route.fulfill({ status: 503, json: { code: 'UNAVAILABLE', message: 'The store rests.' } })
      : route.continue(),
  )
  await page.goto(home)
  const panel = chart(page, 'train/loss')
  await panel.getByText('The store rests.').waitFor()
  isBroken = false
  await panel.getByRole('button', { name: 'Try again' }).click()
  await chart(page, 'train/loss', { state: 'ready' }).waitFor()
})

test('only charts on screen are fetched', async () => {
  const fetched = new Set<string>()
  page.on('request', (request) => {
    if (isSeries(request)) fetched.add(request.postDataJSON().series[0].metric)
  })
  await page.setViewportSize({ width: 700, height: 400 })
  await page.goto(home)
  await chart(page, 'lr', { state: 'ready' }).waitFor()
  expect(fetched.has('val/accuracy')).toBe(false)
  await chart(page, 'val/accuracy').scrollIntoViewIfNeeded()
  await chart(page, 'val/accuracy', { state: 'ready' }).waitFor()
  expect(fetched.has('val/accuracy')).toBe(true)
})

test('a line that leads through a zoomed chart stays beside a cut one', async () => {
  const run = await testRun(server, { project, run: 'sparse', definitions: [{ name: 'train/*', stepMetric: 'batch' }] })
  const rows = Array.from({ length: 20 }, (_, index) => ({
    step: index * 500,
    values: { batch: index * 500, 'train/loss': index },
  }))
  await postBatch(server, batchOf(run, { rows }))
  await page.goto(`${home}?show=long&hide=odd&hide=short&find=train&chart.train%2Floss=4600..4800`)
  await chart(page, 'train/loss', { state: 'ready', lines: 2, points: 201 }).waitFor()
})

test('a metric may be called as what every object has', async () => {
  const run = await testRun(server, { project, run: 'strange' })
  await postBatch(server, batchOf(run, { rows: [{ step: 0, values: { constructor: 1, toString: 2 } }] }))
  await page.goto(`${home}?hide=long&hide=odd&hide=short`)
  await chart(page, 'constructor', { state: 'ready', points: 1 }).waitFor()
  await chart(page, 'toString', { state: 'ready', points: 1 }).waitFor()
})
