import { type TestServer, testServer } from '@kiroku/testkit'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { launchBrowser, openPage, type PageOptions, type WatchedPage, webDir } from './browser.ts'

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
    server = await testServer({ webDir, ...options })
    browser = await launchBrowser()
    await seed()
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })
}

let watched: WatchedPage

/** Gives each test a page of a fresh profile, on which nothing may have gone wrong by the test's end. */
export function openPages(options: PageOptions = {}): void {
  beforeEach(() => openAnew(options))

  afterEach(async () => {
    await watched.close()
    expect(watched.problems).toEqual([])
  })
}

/** Gives the test that runs another page, opened in another way, in the place of the one that it has. */
export async function openAnew(options: PageOptions): Promise<void> {
  await watched?.close()
  watched = await openPage(browser, server.url, options)
  page = watched.page
}
