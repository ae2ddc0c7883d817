import { routes } from '@kiroku/core/routes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Caller,
  client,
  rawRequest,
  spawnServer,
  type TestServer,
  testOrganization,
  testServer,
} from '../testing/index.ts'

let server: TestServer
let caller: Caller & { organization: string }

beforeAll(async () => {
  server = await testServer()
  caller = await testOrganization(server)
})
afterAll(() => server.close())

const me = `${routes.trpc}/viewer.me`
const page = { accept: 'text/html,application/xhtml+xml' }
const ask = (path: string, headers: Record<string, string> = {}) => rawRequest(server.url + path, { headers })
const host = (): string => new URL(server.url).host
const cookieOf = (setCookie: string[] | undefined): string => setCookie?.[0]?.split(';')[0] ?? ''

async function signIn(apiKey: string, headers: Record<string, string> = {}) {
  return rawRequest(server.url + routes.session, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ apiKey }),
  })
}

describe('a route', () => {
  it.each(['/%61pi', '//api', '/api/../api', '/API'])(
    'is not asked past the check of origins as %s',
    async (prefix) => {
      const path = routes.session.replace('/api', prefix)
      const answer = await rawRequest(server.url, {
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
        body: JSON.stringify({ apiKey: caller.apiKey }),
      })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.headers['set-cookie']).toBeUndefined()
    },
  )

  it('is not asked past it by a whole address either', async () => {
    const answer = await rawRequest(server.url, {
      path: server.url + routes.session,
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
      body: JSON.stringify({ apiKey: caller.apiKey }),
    })
    expect(answer.status).toBe(403)
    const key = { authorization: `Bearer ${caller.apiKey}` }
    expect((await rawRequest(server.url, { path: server.url + me, headers: key })).status).toBe(200)
  })
})

describe('an API key', () => {
  it('says who asks, as a bearer token and as the password of basic authentication', async () => {
    const bearer = await ask(me, { authorization: `Bearer ${caller.apiKey}` })
    expect(JSON.parse(bearer.text)).toMatchObject({
      result: { data: { via: 'key', organizations: [{ slug: caller.organization }] } },
    })
    const basic = Buffer.from(`api:${caller.apiKey}`).toString('base64')
    expect(JSON.parse((await ask(me, { authorization: `Basic ${basic}` })).text)).toEqual(JSON.parse(bearer.text))
  })

  it.each(['Bearer kiroku-nope', `Bearer kiroku-${'A'.repeat(40)}`, 'Basic !', 'Bearer'])(
    'is refused as %s',
    async (authorization) => {
      const answer = await ask(me, { authorization })
      expect(answer.status).toBe(401)
      expect(JSON.parse(answer.text)).toMatchObject({ error: { data: { error: { code: 'UNAUTHORIZED' } } } })
      const other = await ask(routes.live, { authorization })
      expect(other.status).toBe(401)
      expect(JSON.parse(other.text)).toMatchObject({ code: 'UNAUTHORIZED' })
    },
  )

  it('may come from a page of another origin, which no cookie may', async () => {
    const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
    expect((await ask(me, { ...headers, authorization: `Bearer ${caller.apiKey}` })).status).toBe(200)
    const { headers: given } = await signIn(caller.apiKey)
    expect((await ask(me, { ...headers, cookie: cookieOf(given['set-cookie']) })).status).toBe(403)
  })
})

describe('a session', () => {
  it('is a cookie that scripts and other sites do not get, sees what its key sees, and ends', async () => {
    const { status, headers } = await signIn(caller.apiKey)
    expect(status).toBe(204)
    expect(headers['set-cookie']?.[0]).toMatch(
      /^kiroku_session=[A-Za-z0-9]{48}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    )
    const cookie = cookieOf(headers['set-cookie'])
    expect(JSON.parse((await ask(me, { cookie })).text)).toMatchObject({
      result: { data: { via: 'session', organizations: [{ slug: caller.organization }] } },
    })
    const out = await rawRequest(server.url + routes.session, { method: 'DELETE', headers: { cookie } })
    expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0')
    expect((await ask(me, { cookie })).status).toBe(401)
  })

  it('ends with its key', async () => {
    const api = client(caller)
    const { id, key } = await api.keys.create.mutate({ organization: caller.organization, name: 'laptop' })
    const cookie = cookieOf((await signIn(key)).headers['set-cookie'])
    expect((await ask(me, { cookie })).status).toBe(200)
    await api.keys.revoke.mutate({ organization: caller.organization, id })
    expect((await ask(me, { cookie })).status).toBe(401)
    expect((await ask(me, { authorization: `Bearer ${key}` })).status).toBe(401)
  })

  it('is refused to an unknown key, to something that is no key, and after too many wrong ones, which hinder no right one', async () => {
    const wrong = `kiroku-${'A'.repeat(40)}`
    expect((await signIn(wrong)).status).toBe(401)
    expect((await signIn('password')).status).toBe(400)
    let last = await signIn(wrong)
    for (let attempt = 0; attempt < 20; attempt++) last = await signIn(wrong)
    expect(last.status).toBe(429)
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0)
    for (let attempt = 0; attempt < 25; attempt++) expect((await signIn(caller.apiKey)).status).toBe(204)
  })

  it.each([
    ['an Origin of another host', { origin: 'https://elsewhere.example' }],
    ['an Origin of this host by another port', { origin: 'http://127.0.0.1:1' }],
    ['an opaque Origin', { origin: 'null' }],
    ['a request from another site', { 'sec-fetch-site': 'cross-site' }],
    ['a request from another host of the site', { 'sec-fetch-site': 'same-site' }],
  ])('does not count with %s', async (_name, headers) => {
    const cookie = await localCookie()
    expect((await ask(me, { cookie, ...headers })).status).toBe(403)
    expect((await ask(routes.live, { cookie, ...headers })).status).toBe(403)
    const out = await rawRequest(server.url + routes.session, { method: 'DELETE', headers: { cookie, ...headers } })
    expect(out.status).toBe(403)
    expect((await ask(me, { cookie, origin: server.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})

async function localCookie(headers: Record<string, string> = {}): Promise<string> {
  return cookieOf((await ask('/', { ...page, ...headers })).headers['set-cookie'])
}

describe('a page opened on this machine', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]'])('is signed in as the owner at %s', async (name) => {
    const cookie = await localCookie({ host: `${name}:8080` })
    const answer = await ask(me, { cookie })
    expect(JSON.parse(answer.text)).toMatchObject({ result: { data: { name: 'owner', via: 'session' } } })
  })

  it.each<[string, Record<string, string>]>([
    ['by a name that was rebound to this machine', { host: 'evil.example:8080' }],
    ['by a name that begins like this machine', { host: 'localhost.evil.example' }],
    ['through a proxy', { 'x-forwarded-for': '203.0.113.7' }],
    ['through a proxy of the newer kind', { forwarded: 'for=203.0.113.7' }],
    ['through a gateway', { via: '1.1 gateway' }],
    ['through an older nginx as it is set up at first', { connection: 'close' }],
    ['for a page behind a proxy', { referer: 'https://kiroku.example.org/team' }],
    ['by a link on another site', { 'sec-fetch-site': 'cross-site' }],
    ['as an image', { 'sec-fetch-dest': 'image' }],
    ['as a frame', { 'sec-fetch-dest': 'iframe' }],
  ])('is not signed in %s', async (_name, headers) => {
    expect(await localCookie(headers)).toBe('')
  })

  it.each<[string, Record<string, string>]>([
    ['a rebound name', { host: 'evil.example' }],
    ['a proxy', { 'x-forwarded-for': '203.0.113.7' }],
    ['an older nginx as it is set up at first', { connection: 'close' }],
    ['a newer one, from a page behind it', { referer: 'https://kiroku.example.org/team' }],
  ])('has a session that does not count through %s', async (_name, headers) => {
    const cookie = await localCookie()
    expect((await ask(me, { cookie })).status).toBe(200)
    expect((await ask(me, { cookie, ...headers })).status).toBe(401)
  })

  it('keeps the session that it has', async () => {
    const cookie = await localCookie()
    expect(await localCookie({ cookie })).toBe('')
  })

  it('is not signed in where that is switched off', async () => {
    await using closed = await spawnServer({ localSignIn: 'off' })
    const answer = await rawRequest(closed.url, { headers: page })
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

describe('every answer', () => {
  it('forbids framing, guessing and other origins, and has an id', async () => {
    for (const path of ['/', routes.health, me, '/api/nothing']) {
      const { headers } = await ask(path)
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('same-origin')
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('is JSON below /api, also where nothing is', async () => {
    const answer = await ask('/api/nothing')
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'NOT_FOUND', requestId: answer.headers['x-request-id'] })
  })

  it('tells whether it lives and whether its databases answer, to anybody', async () => {
    expect((await ask(routes.health)).status).toBe(200)
    expect((await ask(routes.ready, { host: host() })).status).toBe(200)
  })
})
