import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

/** The dashboard's package, as a server wants it. */
export const webDir = join(import.meta.dirname, '..', '..', 'apps', 'web')

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

/** Calls `work` with a page of a browser of its own: `KIROKU_BROWSER`, or Chromium or Chrome where Linux keeps them. */
export async function withPage(work) {
  const browser = await chromium.launch({
    executablePath: findBrowser(),
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  })
  try {
    return await work(await browser.newPage({ viewport: { width: 1440, height: 900 } }))
  } finally {
    await browser.close()
  }
}

function findBrowser() {
  const found = process.env.KIROKU_BROWSER ?? places.find(isExecutable)
  if (found === undefined) throw new Error(`no browser at ${places.join(', ')}: install chromium or set KIROKU_BROWSER`)
  return found
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
