import { type TestServer, testServer } from '@kiroku/testkit'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { launchBrowser, openProfile, type PageOptions, type WatchedPage, watchPage, webDir } from './browser.ts'

/** The server and the browser of a test file, from its first test on. */
export let server: TestServer
export let browser: Browser

/** The page of the test that runs, where its file has `openPages`. */
export let page: Page

/** Starts a server with the dashboard and a browser before the tests of a file, and fills it by `seed`. */
export function startDashboard(
  seed: () => unknown = () => {},
  options: Omit<Parameters<typeof testServer>[0], 'webDir'> = {},
): void {
  beforeAll(async () => {
    profiles.clear()
    server = await testServer({ webDir, ...options })
    browser = await launchBrowser()
    await seed()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
}

/** The profiles of a file, by how they were opened. */
const profiles = new Map<string, BrowserContext>()

/**
 * A profile in which nobody has been. It is the one that was opened alike before, emptied: what its process has loaded and compiled
 * of the dashboard's code stays, which a fresh one would do again for seconds.
 */
async function emptyProfile(options: BrowserContextOptions): Promise<BrowserContext> {
  const key = JSON.stringify(options)
  const known = profiles.get(key)
  if (known === undefined) {
    const profile = await openProfile(browser, server.url, options)
    profiles.set(key, profile)
    // The process lives as long as one of its pages.
    await (await profile.newPage()).goto('/icon.svg')
    return profile
  }
  const [keeper] = known.pages()
  if (keeper === undefined) throw new Error('the page that keeps the profile is gone')
  const session = await known.newCDPSession(keeper)
  await session.send('Storage.clearDataForOrigin', { origin: server.url, storageTypes: 'cookies,local_storage' })
  await session.detach()
  await known.clearCookies()
  return known
}

let watched: WatchedPage

/** Gives each test a page of an empty profile, on which nothing may have gone wrong by the test's end. */
export function openPages(options: PageOptions = {}): void {
  beforeEach(() => openAnew(options))

  afterEach(async () => {
    await watched.close()
    expect(watched.problems).toEqual([])
  })
}

/** Gives the test that runs another page, opened in another way, in the place of the one that it has. */
export async function openAnew({ expected = [], ...options }: PageOptions): Promise<void> {
  await watched?.close()
  watched = await watchPage(await emptyProfile(options), server.url, expected)
  page = watched.page
}
