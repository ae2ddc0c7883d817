import { projectPath, routes } from '@kiroku/core/routes'
import { client, spawnServer, until } from '@kiroku/testkit'
import { webDir, withPage } from '../browser.mjs'
import { inTemporaryDirectory, runScript } from '../processes.mjs'
import { quantile } from '../statistics.mjs'

export const ids = ['live.p95']

const points = 400
/** So many of the last points, which were logged when the page was whole. */
const counted = 300
const address = { project: 'live', run: 'live' }

/**
 * From `log()` in a script to the frame of a real browser that shows the point: the 95th percentile. The yardstick is when a
 * bare listener could know of the same point.
 */
export async function measure() {
  const server = await spawnServer({ webDir })
  try {
    const { logged, drawn, heard } = await withPage((page) => follow(server, page))
    const delays = (moments) =>
      logged.flatMap((at, step) => {
        if (step < points - counted) return []
        const found = moments.find(({ step: shown }) => shown >= step)
        if (found === undefined) throw new Error(`the point of step ${step} was never seen`)
        return [found.at - at]
      })
    const onScreen = delays(drawn)
    console.error(`  on screen: median ${quantile(onScreen, 0.5).toFixed(0)} ms, ${drawn.length} drawings`)
    return [
      {
        id: 'live.p95',
        value: quantile(onScreen, 0.95),
        samples: onScreen,
        unit: 'ms',
        target: '<= 500',
        yardstick: { name: 'known to a bare listener', value: quantile(delays(heard), 0.95) },
      },
    ]
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

function follow(server, page) {
  return inTemporaryDirectory(async (directory) => {
    const environment = { KIROKU_URL: server.url, KIROKU_API_KEY: server.apiKey }
    const script = runScript('live-script.mjs', { directory, ...address, points }, environment)
    const api = client(server)
    const path = { organization: server.organization, ...address }
    await until(() => api.runs.byId.query(path))
    const listener = listen(server, async () => (await api.runs.byId.query(path)).lastStep)
    await page.addInitScript(watchDrawing, 'value')
    await page.goto(server.url + projectPath(path))
    await page.locator('[data-testid="panel"][data-metric="value"][data-state="ready"]').waitFor()
    const logged = await script
    await page.locator(`[data-testid="panel"][data-metric="value"][data-last-x="${points - 1}"]`).waitFor()
    await page.waitForTimeout(500)
    return { logged, drawn: await page.evaluate(() => globalThis.drawings), heard: await listener.stop() }
  })
}

/** In the page: notes for each frame in which the metric's chart was drawn the last step that it shows. */
function watchDrawing(metric) {
  const drawings = []
  globalThis.drawings = drawings
  const { stroke } = CanvasRenderingContext2D.prototype
  let isWaiting = false
  CanvasRenderingContext2D.prototype.stroke = function (...path) {
    const panel = this.canvas.closest('[data-testid="panel"]')
    if (panel?.dataset.metric === metric && !isWaiting) {
      isWaiting = true
      const step = Number(panel.dataset.lastX)
      requestAnimationFrame(() => {
        // After this frame's own work, when the picture goes to the screen.
        setTimeout(() => {
          isWaiting = false
          drawings.push({ step, at: performance.timeOrigin + performance.now() })
        })
      })
    }
    return stroke.apply(this, path)
  }
}

/** Listens to the live stream as a browser does, and asks at each notice for the last step that is stored. */
function listen(server, lastStep) {
  const controller = new AbortController()
  const heard = []
  const done = (async () => {
    const query = new URLSearchParams({ organization: server.organization, project: address.project })
    const response = await fetch(`${server.url}${routes.live}?${query}`, {
      headers: { authorization: `Bearer ${server.apiKey}` },
      signal: controller.signal,
    })
    for await (const _chunk of response.body) {
      const at = performance.timeOrigin + performance.now()
      heard.push({ step: await lastStep(), at })
    }
  })().catch((error) => {
    if (!controller.signal.aborted) throw error
  })
  return {
    async stop() {
      controller.abort()
      await done
      return heard
    },
  }
}
