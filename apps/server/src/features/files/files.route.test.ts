import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { KirokuError } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import { type FastifyInstance, fastify } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registerFileRoutes } from './files.route.ts'
import type { FilesService } from './files.service.ts'

const unused = (): never => {
  throw new Error('not reached')
}
const files: FilesService = {
  attach: unused,
  detach: unused,
  find: unused,
  keep: unused,
  offerByMd5: unused,
  openContent: unused,
  offer: unused,
  md5s: unused,
  list: unused,
  byPath: unused,
  open: unused,
  sweep: unused,
  withoutSweeps: unused,
  async put(_scope, _sha256, content) {
    for await (const _piece of content) throw new KirokuError({ code: 'UNAVAILABLE', message: 'the disk is full' })
  },
}

let app: FastifyInstance
beforeEach(async () => {
  app = fastify()
  app.decorateRequest('identity', null)
  app.addHook('onRequest', async (incoming) => {
    const organizations = [{ id: 'organization', slug: 'local', name: 'Local' }]
    incoming.identity = {
      userId: 'user',
      name: 'owner',
      email: null,
      via: 'key',
      organizations,
      deletedOrganizations: [],
    }
  })
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof KirokuError && error.code === 'UNAVAILABLE' ? 503 : 500).send(),
  )
  registerFileRoutes(app, files, { byName: unused, ensure: unused, list: unused, summary: unused })
  await app.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(() => app.close())

describe('an upload that is refused in its middle', () => {
  it('is told so, and its connection goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const address = app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const put = (): Promise<{ status: number | undefined; localPort: number | undefined }> =>
      new Promise((resolve, reject) => {
        const path = `${routes.blobs}/${'a'.repeat(64)}`
        const outgoing = request({ port, host: '127.0.0.1', path, method: 'PUT', agent }, (response) => {
          const { localPort } = response.socket
          response.resume().on('end', () => resolve({ status: response.statusCode, localPort }))
        })
        outgoing.on('error', reject)
        outgoing.end(randomBytes(8 * 1024 * 1024))
      })
    const first = await put()
    expect(first.status).toBe(503)
    expect(await put()).toEqual(first)
    agent.destroy()
  })
})
