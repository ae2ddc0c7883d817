import { once } from 'node:events'
import { request } from 'node:http'
import { frameContentType } from '@kiroku/core/frames'
import { routes } from '@kiroku/core/routes'
import { type FastifyInstance, fastify } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HistoryService, registerIngestRoute } from '../features/history/index.ts'
import { registerLiveRoute } from '../features/live/index.ts'
import { until } from '../testing/factories.ts'
import { type Identity, projectScopeOf } from './scopes.ts'

const identity: Identity = {
  userId: 'user',
  name: 'owner',
  email: null,
  via: 'key',
  organizations: [{ id: 'organization', slug: 'local', name: 'Local' }],
  deletedOrganizations: [],
}
const unused = (): never => {
  throw new Error('not reached')
}

let app: FastifyInstance
let isChecked: boolean
beforeEach(() => {
  isChecked = false
  app = fastify()
  app.decorateRequest('identity', null)
  app.addContentTypeParser(frameContentType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (incoming, reply) => {
    incoming.identity = identity
    isChecked = true
    if (incoming.headers['x-wait'] !== undefined) await once(reply.raw, 'close')
  })
})
afterEach(() => app.close())

/** Sends the head of a request, and is gone before it is known who asks. */
async function leaveEarly(method: string, path: string, headers: Record<string, string>): Promise<void> {
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const outgoing = request(url + path, { method, headers: { 'x-wait': '1', ...headers } })
  outgoing.on('error', () => {})
  outgoing.flushHeaders()
  await until(() => expect(isChecked).toBe(true))
  outgoing.destroy()
}

describe('a caller who is gone before it is known who asks', () => {
  it('leaves no room taken for a batch', async () => {
    let [admitted, released] = [0, 0]
    const history: HistoryService = {
      admit: () => {
        admitted++
        return () => {
          released++
        }
      },
      accept: unused,
      quiet: unused,
      close: unused,
    }
    registerIngestRoute(app, history)
    let isAnswered = false
    app.addHook('onError', async () => {
      isAnswered = true
    })
    await leaveEarly('POST', routes.ingest, { 'content-type': frameContentType, 'content-length': '10' })
    await until(() => expect(admitted > 0 || isAnswered).toBe(true))
    await until(() => expect(released).toBe(admitted))
  })

  it('leaves no live stream', async () => {
    let [subscribed, stopped, found] = [0, 0, 0]
    registerLiveRoute(app, {
      live: {
        subscribe: () => {
          subscribed++
          return () => {
            stopped++
          }
        },
        close: unused,
      },
      projects: {
        byName: async (scope, name) => {
          found++
          return projectScopeOf(scope, { id: 'project', name })
        },
        ensure: unused,
        list: unused,
        summary: unused,
      },
      identities: {
        byKey: unused,
        bySignature: unused,
        signer: unused,
        bySession: unused,
        signIn: unused,
        signInLocally: unused,
        signOut: unused,
        deleteExpired: unused,
        forget: unused,
      },
    })
    await leaveEarly('GET', `${routes.live}?organization=local&project=demo`, {})
    await until(() => expect(found).toBe(1))
    await new Promise(setImmediate)
    expect(subscribed).toBe(stopped)
  })
})

describe('room for a batch', () => {
  it('is taken until the batch is settled, also when its caller does not wait for that', async () => {
    let released = 0
    let settle = (): void => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    let isAccepting = false
    registerIngestRoute(app, {
      admit: () => () => {
        released++
      },
      accept: async () => {
        isAccepting = true
        await settled
        return { ackSeq: 1, nextBatchMs: 0, rejected: [], otherWriters: 0, isStopAsked: false }
      },
      quiet: unused,
      close: unused,
    })
    let isClosed = false
    app.addHook('preHandler', async (_request, reply) => {
      reply.raw.once('close', () => {
        isClosed = true
      })
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const outgoing = request(url + routes.ingest, { method: 'POST', headers: { 'content-type': frameContentType } })
    outgoing.on('error', () => {})
    outgoing.end('batch')
    await until(() => expect(isAccepting).toBe(true))
    outgoing.destroy()
    await until(() => expect(isClosed).toBe(true))
    expect(released).toBe(0)
    settle()
    await until(() => expect(released).toBe(1))
  })
})
