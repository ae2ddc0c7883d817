import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance } from 'fastify'
import { figureScript } from './figure-script.ts'

const zip = promisify(gzip)

type Script = { plain: Buffer; zipped: Buffer; path: string }

/**
 * GET the page that draws Plotly figures, for frames of the dashboard, and its script. It has an origin of its own and no
 * network, whatever a figure tells it to load. Open to everybody: they tell nothing, and the frame has no session to show.
 */
export function registerFigureRoutes(app: FastifyInstance): void {
  let script: Promise<Script> | undefined
  const theScript = (): Promise<Script> => {
    script ??= readScript().catch((error: unknown) => {
      script = undefined
      throw error
    })
    return script
  }

  app.get(routes.figureFrame, async (_request, reply) => {
    const { path } = await theScript()
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': [
          'sandbox allow-scripts',
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'unsafe-inline'",
          'img-src data: blob:',
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'self'",
        ].join('; '),
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
      })
      .send(
        `<!doctype html><meta charset="utf-8"><title>Figure</title><style>html,body,#figure{height:100%;margin:0;overflow:hidden}</style><div id="figure"></div><script src="${path}"></script>`,
      )
  })

  app.get(`${routes.figureFrame}/:name`, async (request, reply) => {
    const { plain, zipped, path } = await theScript()
    if (request.url !== path) return reply.callNotFound()
    const isZipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    return reply
      .headers({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        // The frame is of another origin than Kiroku's; everybody may have this script.
        'cross-origin-resource-policy': 'cross-origin',
        vary: 'accept-encoding',
        ...(isZipped && { 'content-encoding': 'gzip' }),
      })
      .send(isZipped ? zipped : plain)
  })
}

/** Plotly and what drives it, as one script whose name tells its content. */
async function readScript(): Promise<Script> {
  const plotly = await readFile(createRequire(import.meta.url).resolve('plotly.js-strict-dist-min'))
  const plain = Buffer.concat([plotly, Buffer.from(figureScript)])
  const name = createHash('sha256').update(plain).digest('hex').slice(0, 20)
  return { plain, zipped: await zip(plain), path: `${routes.figureFrame}/${name}.js` }
}
