import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
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

/** The card of a metric, once it has come into view. */
async function seen(metric: string): Promise<Locator> {
  if (!page.url().includes('tab=media')) await page.goto(home)
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

describe('sounds and films', () => {
  test('play from any place, by ranges, at the step that the slider holds', async () => {
    const statuses: number[] = []
    page.on('response', (response) => {
      if (response.url().includes('tone-')) statuses.push(response.status())
    })
    const tone = await seen('tone')
    const player = tone.getByLabel(`epoch ${toneSteps.at(-1)}`, { exact: true })
    expect(await playFrom(player, 0.3)).toMatchObject({ error: null, duration: 0.5, at: expect.closeTo(0.3, 1) })
    expect(statuses.length).toBeGreaterThan(0)
    expect(new Set(statuses)).toEqual(new Set([206]))
    await tone.getByRole('slider').focus()
    await page.keyboard.press('Home')
    await tone.locator('[data-step="0"]').waitFor()
    expect(await playFrom(tone.getByLabel('epoch 0', { exact: true }), 0.2)).toMatchObject({
      error: null,
      duration: 0.5,
    })
    expect(await tone.locator('audio').count()).toBe(1)
  })

  test('of one step stand together, each with its caption', async () => {
    const tones = await seen('tones')
    await tones.locator('audio').nth(1).waitFor()
    expect(await tones.locator('figcaption > span').allTextContents()).toEqual(['a low tone', 'a high tone'])
  })

  test('that move play in their place, GIFs as pictures', async () => {
    const film = await seen('film')
    expect(await playFrom(film.getByLabel('an episode', { exact: true }), 0)).toMatchObject({ error: null, width: 160 })
    await film.getByRole('link', { name: 'Download film.webm' }).waitFor()
    const animation = (await seen('animation')).getByRole('img', { name: 'animation' })
    await expect
      .poll(() => animation.evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0)))
      .toBe(1)
  })

  test('that are not there, or are none, say so in their place', async () => {
    await (await seen('gone')).getByRole('alert').filter({ hasText: 'gone.wav' }).waitFor()
    await (await seen('noise')).getByText('This browser cannot play this kind of file.').waitFor()
  })
})

describe('pages', () => {
  test('run in a frame that has no origin, no session, no storage and no network', async () => {
    await seen('page')
    const told = page.frameLocator('iframe[title="page"]').locator('#told')
    const reached = 'origin null, cookie SecurityError, parent SecurityError, storage SecurityError, network refused'
    await expect.poll(() => told.textContent()).toBe(reached)
    const src = await page.locator('iframe[title="page"]').getAttribute('src')
    await card('page').getByRole('button', { name: 'Enlarge page' }).click()
    await page.getByRole('dialog').frameLocator('iframe').getByRole('heading', { name: 'Attention by head' }).waitFor()
    await page.keyboard.press('Escape')
    expect(await page.locator('iframe[title="page"]').getAttribute('sandbox')).toBe('allow-scripts')
    // Opened by itself it has no more than that.
    await page.goto(src ?? '')
    await expect.poll(() => page.locator('#told').textContent()).toContain('origin null, cookie SecurityError')
  })
})

describe('Plotly figures', () => {
  test('are drawn, in the page’s colours unless they have a background of their own', async () => {
    await openAnew({ expected, colorScheme: 'dark' })
    const figure = await seen('figure')
    await figure.locator('[data-testid="plotly"][data-state="drawn"]').waitFor()
    const frame = page.frameLocator('iframe[title="figure"]')
    await frame.locator('.main-svg').first().waitFor()
    expect(await frame.locator('.trace.scatter').count()).toBe(1)
    expect(await frame.locator('.trace.bars .point').count()).toBe(4)
    const backgroundOf = (metric: string) =>
      page
        .frameLocator(`iframe[title="${metric}"]`)
        .locator('.main-svg')
        .first()
        .evaluate((drawing) => getComputedStyle(drawing).backgroundColor)
    expect(await backgroundOf('figure')).toBe('rgba(0, 0, 0, 0)')
    await (await seen('heat')).locator('[data-testid="plotly"][data-state="drawn"]').waitFor()
    expect(await backgroundOf('heat')).toBe('rgb(255, 255, 255)')
  })

  test('that are none say so in their place', async () => {
    await (await seen('broken')).getByText('The file is no Plotly figure.').waitFor()
  })
})

describe('what is not drawn', () => {
  test('is offered for download, with its caption', async () => {
    const water = await seen('water')
    await water.getByText('Molecules are not drawn here').waitFor()
    const download = page.waitForEvent('download')
    await water.getByRole('link', { name: 'Download water.pdb' }).click()
    expect((await download).suggestedFilename()).toBe('water.pdb')
  })
})

describe('charts of wandb.plot', () => {
  test('are drawn from their tables, which are a click away', async () => {
    const kinds = {
      curve: 'lines',
      pr: 'lines',
      score: 'bars',
      cloud: 'points',
      spread: 'histogram',
      mistakes: 'matrix',
    }
    for (const [key, kind] of Object.entries(kinds))
      await (await seen(`${key}_table`)).locator(`[data-testid="custom-chart"][data-kind="${kind}"]`).waitFor()
    const chart = card('mistakes_table')
    expect(await chart.getByTestId('table-row').count()).toBe(0)
    await chart.getByRole('button', { name: 'Show the table' }).click()
    await chart.getByTestId('table-row').first().waitFor()
  })

  test('of a preset that is not known say so, and the table is there', async () => {
    const chart = await seen('own_table')
    await chart.getByText('No drawing is known for me/own-chart').waitFor()
    await chart.getByRole('button', { name: 'Show the table' }).click()
    await chart.getByText('one', { exact: true }).waitFor()
  })
})

test('on a phone nothing sticks out of the page', async () => {
  await openAnew({ expected, viewport: { width: 390, height: 844 } })
  await page.goto(home)
  await card('animation').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  for (const tab of await page.getByRole('navigation', { name: 'Project' }).getByRole('link').all()) {
    const box = await tab.boundingBox()
    expect(box?.x).toBeGreaterThanOrEqual(0)
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390)
  }
})
