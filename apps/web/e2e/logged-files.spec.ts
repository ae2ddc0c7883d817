import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { openAnew, openPages, page, server, startDashboard } from './dashboard.ts'
import { recordFilm } from './record-film.ts'
import { seedLoggedFiles, toneSteps } from './seed-logged-files.ts'

const project = 'media files'
/** What a page that reaches for the network, and files that are not there, say in the console. */
const expected = [/Content Security Policy/, /Failed to load resource/]
let home: string

startDashboard(async () => {
  await seedLoggedFiles(server, project, await recordFilm())
  home = `/${server.organization}/${encodeURIComponent(project)}/runs/logged?tab=media`
})
openPages({ expected })

const card = (metric: string): Locator => page.locator(`[data-testid="media-card"][data-metric="${metric}"]`)

/** Opens the page with the metrics alone that `find` is in: what is not seen is not loaded. */
const find = (text: string) => page.goto(`${home}&find=${encodeURIComponent(text)}`)

/** The card of a metric, once it has come into view. */
async function seen(metric: string): Promise<Locator> {
  await card(metric).scrollIntoViewIfNeeded()
  return card(metric)
}

type Played = { error: number | null; duration: number; at: number; width: number }

/** Plays a sound or a film from its middle on. */
const playFrom = (player: Locator, time: number): Promise<Played> =>
  player.evaluate(async (media, from) => {
    if (!(media instanceof HTMLMediaElement)) throw new Error('this does not play')
    const after = (name: string) => new Promise((resolve) => media.addEventListener(name, resolve, { once: true }))
    media.muted = true
    if (media.readyState < media.HAVE_METADATA) await after('loadedmetadata')
    const sought = after('seeked')
    media.currentTime = from
    await sought
    await media.play()
    const width = media instanceof HTMLVideoElement ? media.videoWidth : 0
    return { error: media.error?.code ?? null, duration: media.duration, at: media.currentTime, width }
  }, time)

test('sounds play from any place, by ranges, at the step that the slider holds, and several stand together', async () => {
  const statuses: number[] = []
  page.on('response', (response) => {
    if (response.url().includes('tone-')) statuses.push(response.status())
  })
  await find('tone')
  const tone = await seen('tone')
  const player = tone.getByLabel(`epoch ${toneSteps.at(-1)}`, { exact: true })
  expect(await playFrom(player, 0.3)).toMatchObject({ error: null, duration: 0.5, at: expect.closeTo(0.3, 1) })
  expect(new Set(statuses)).toEqual(new Set([206]))
  await tone.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await tone.locator('[data-step="0"]').waitFor()
  const first = tone.getByLabel('epoch 0', { exact: true })
  expect(await playFrom(first, 0.2)).toMatchObject({ error: null, duration: 0.5 })
  expect(await tone.locator('audio').count()).toBe(1)
  const tones = await seen('tones')
  await tones.locator('audio').nth(1).waitFor()
  expect(await tones.locator('figcaption > span').allTextContents()).toEqual(['a low tone', 'a high tone'])
})

test('films play in their place, GIFs as pictures; what is not there, or is none, says so', async () => {
  await find('play/')
  const film = await seen('play/film')
  expect(await playFrom(film.getByLabel('an episode', { exact: true }), 0)).toMatchObject({ error: null, width: 160 })
  await film.getByRole('link', { name: 'Download film.webm' }).waitFor()
  const animation = (await seen('play/animation')).getByRole('img', { name: 'play/animation' })
  await expect
    .poll(() => animation.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0)))
    .toBe(1)
  await (await seen('play/gone')).getByRole('alert').filter({ hasText: 'gone.wav' }).waitFor()
  await (await seen('play/noise')).getByText('This browser cannot play this kind of file.').waitFor()
})

test('a page runs in a frame that has no origin, no session, no storage and no network', async () => {
  await find('page')
  const frame = page.locator('iframe[title="page"]')
  const told = page.frameLocator('iframe[title="page"]').locator('#told')
  const reached = 'origin null, cookie SecurityError, parent SecurityError, storage SecurityError, network refused'
  await expect.poll(() => told.textContent()).toBe(reached)
  expect(await frame.getAttribute('sandbox')).toBe('allow-scripts')
  const src = await frame.getAttribute('src')
  await card('page').getByRole('button', { name: 'Enlarge page' }).click()
  await page.getByRole('dialog').frameLocator('iframe').getByRole('heading', { name: 'Attention by head' }).waitFor()
  // Opened by itself it has no more than that.
  await page.goto(src ?? '')
  await expect.poll(() => page.locator('#told').textContent()).toContain('origin null, cookie SecurityError')
})

test('Plotly draws figures in the page’s colours unless they have a background of their own', async () => {
  await openAnew({ expected, colorScheme: 'dark' })
  await find('plotly/')
  const figure = await seen('plotly/figure')
  await figure.locator('[data-testid="plotly"][data-state="drawn"]').waitFor()
  const frame = page.frameLocator('iframe[title="plotly/figure"]')
  await frame.locator('.main-svg').first().waitFor()
  expect(await frame.locator('.trace.scatter').count()).toBe(1)
  expect(await frame.locator('.trace.bars .point').count()).toBe(4)
  const backgroundOf = (metric: string) =>
    page
      .frameLocator(`iframe[title="${metric}"]`)
      .locator('.main-svg')
      .first()
      .evaluate((drawing) => getComputedStyle(drawing).backgroundColor)
  expect(await backgroundOf('plotly/figure')).toBe('rgba(0, 0, 0, 0)')
  await (await seen('plotly/heat')).locator('[data-testid="plotly"][data-state="drawn"]').waitFor()
  expect(await backgroundOf('plotly/heat')).toBe('rgb(255, 255, 255)')
  await (await seen('plotly/broken')).getByText('The file is no Plotly figure.').waitFor()
})

test('what is not drawn is offered for download, with its caption', async () => {
  await find('water')
  const water = await seen('water')
  await water.getByText('Molecules are not drawn here').waitFor()
  expect(await water.locator('figcaption > span').textContent()).toBe('H2O')
  const download = page.waitForEvent('download')
  await water.getByRole('link', { name: 'Download water.pdb' }).click()
  expect((await download).suggestedFilename()).toBe('water.pdb')
})

test('charts of wandb.plot are drawn from their tables, which are a click away', async () => {
  await find('_table')
  const kinds = { curve: 'lines', pr: 'lines', score: 'bars', cloud: 'points', spread: 'histogram', mistakes: 'matrix' }
  for (const [key, kind] of Object.entries(kinds))
    await (await seen(`${key}_table`)).locator(`[data-testid="custom-chart"][data-kind="${kind}"]`).waitFor()
  const chart = await seen('mistakes_table')
  expect(await chart.getByTestId('table-row').count()).toBe(0)
  await chart.getByRole('button', { name: 'Show the table' }).click()
  await chart.getByTestId('table-row').first().waitFor()
  const own = await seen('own_table')
  await own.getByText('No drawing is known for me/own-chart').waitFor()
  await own.getByRole('button', { name: 'Show the table' }).click()
  await own.getByText('one', { exact: true }).waitFor()
})

test('on a phone no page is wider than the screen, and every tab is seen', async () => {
  await openAnew({ expected, viewport: { width: 390, height: 844 } })
  const widthOf = () => page.evaluate(() => document.documentElement.scrollWidth)
  await find('_table')
  await card('cloud_table').getByTestId('custom-chart').waitFor()
  expect(await widthOf()).toBe(390)
  const tabs = await page.getByRole('navigation', { name: 'Project' }).getByRole('link').all()
  expect(tabs).toHaveLength(6)
  for (const tab of tabs) {
    const box = await tab.boundingBox()
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
  }
  const there = {
    Workspace: page.getByRole('toolbar', { name: 'Charts' }),
    Runs: page.getByRole('button', { name: /columns$/ }),
    SQL: page.getByRole('textbox', { name: 'Query' }),
    Settings: page.getByRole('heading', { name: 'Usage' }),
  }
  for (const [name, part] of Object.entries(there)) {
    await page.getByRole('navigation', { name: 'Project' }).getByRole('link', { name }).click()
    await part.waitFor()
    const box = await part.boundingBox()
    expect([name, (box?.x ?? 0) + (box?.width ?? 0) <= 390, await widthOf()]).toEqual([name, true, 390])
  }
})
