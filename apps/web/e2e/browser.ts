import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core'

/** The dashboard's package, as a server wants it. */
export const webDir = fileURLToPath(new URL('..', import.meta.url))

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The browser to drive: `KIROKU_BROWSER`, else Chromium or Chrome where Linux has them. Throws when there is none. */
export function findBrowser(): string {
  const given = process.env['KIROKU_BROWSER']
  const found = given ?? places.find(isExecutable)
  if (found === undefined) throw new Error(`no browser at ${places.join(', ')}; install chromium or set KIROKU_BROWSER`)
  return found
}

/** Starts the browser without anything that would reach for the network. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser(),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Pages of one profile share a process, which keeps what it has compiled.
      '--process-per-site',
    ],
  })
}

/** A page that keeps what must never happen: console errors, uncaught errors, requests to another host. */
export type WatchedPage = { page: Page; problems: string[]; close(): Promise<void> }

/** How a page is opened. `expected` tells console errors that a test provokes. */
export type PageOptions = BrowserContextOptions & { expected?: readonly RegExp[] }

/** A fresh profile, with nothing of other ones. */
export const openProfile = (browser: Browser, url: string, options: BrowserContextOptions): Promise<BrowserContext> =>
  browser.newContext({ baseURL: url, viewport: { width: 1440, height: 900 }, ...options })

/** Opens a page of its own in a fresh profile. */
export async function openPage(
  browser: Browser,
  url: string,
  { expected = [], ...options }: PageOptions = {},
): Promise<WatchedPage> {
  const profile = await openProfile(browser, url, options)
  const watched = await watchPage(profile, url, expected)
  return { ...watched, close: () => profile.close() }
}

/** Opens another page of a profile. */
export async function watchPage(
  profile: BrowserContext,
  url: string,
  expected: readonly RegExp[],
): Promise<WatchedPage> {
  const page = await profile.newPage()
  const problems: string[] = []
  const isExpected = (text: string): boolean => expected.some((pattern) => pattern.test(text))
  page.on('console', (message) => {
    if (message.type() === 'error' && !isExpected(message.text())) problems.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url()))
      problems.push(`request to ${request.url()}`)
  })
  return { page, problems, close: () => page.close() }
}

/** The chart of a metric. `having` are attributes that it must have, such as `{ state: 'ready' }`. */
export function chart(page: Page, metric: string, having: Readonly<Record<string, string | number>> = {}): Locator {
  const attributes = Object.entries(having).map(([name, value]) => `[data-${name}="${value}"]`)
  return page.locator(`[data-testid="panel"][data-metric="${metric}"]${attributes.join('')}`)
}

/** One attribute of a chart as a number. */
export async function chartNumber(panel: Locator, name: string): Promise<number> {
  return Number(await panel.getAttribute(`data-${name}`))
}

/** The middle of a plot's width at the shares `fromShare` and `toShare`, in page coordinates, for dragging over it. */
export async function plotPoints(panel: Locator, ...shares: number[]): Promise<{ x: number; y: number }[]> {
  const canvas = panel.getByTestId('chart-canvas')
  await canvas.scrollIntoViewIfNeeded()
  const box = await canvas.boundingBox()
  if (box === null) throw new Error('the chart has no place on the page')
  const [left, right] = [46, 10]
  const width = box.width - left - right
  return shares.map((share) => ({ x: box.x + left + width * share, y: box.y + box.height / 2 }))
}
