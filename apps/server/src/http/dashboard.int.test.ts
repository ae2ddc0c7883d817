import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawRequest, type TestServer, testServer } from '../testing/index.ts'
import { openDashboard } from './dashboard.ts'

/** Stands for Next.js: answers each page with what it was asked. */
const next = `
module.exports = ({ dir }) => ({
  prepare: async () => {},
  close: async () => {},
  getRequestHandler: () => async (request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(JSON.stringify({ dir, url: request.url, method: request.method }))
  },
})
`

let webDir: string
let server: TestServer

beforeAll(async () => {
  webDir = await mkdtemp(join(tmpdir(), 'kiroku-web-'))
  await mkdir(join(webDir, 'node_modules', 'next'), { recursive: true })
  await writeFile(join(webDir, 'package.json'), '{}')
  await writeFile(join(webDir, 'node_modules', 'next', 'package.json'), '{"name":"next","main":"index.js"}')
  await writeFile(join(webDir, 'node_modules', 'next', 'index.js'), next)
  server = await testServer({ webDir })
})
afterAll(async () => {
  await server.close()
  await rm(webDir, { recursive: true })
})

it('gives everything outside of /api to the dashboard, with the headers of every answer', async () => {
  for (const path of ['/', '/local/demo?x=epoch', '/_next/static/a.js', '/apis']) {
    const { status, text, headers } = await rawRequest(server.url + path)
    expect([status, JSON.parse(text)]).toEqual([200, { dir: webDir, url: path, method: 'GET' }])
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['content-type']).toBe('text/html')
  }
  expect((await rawRequest(`${server.url}/api/nothing`)).status).toBe(404)
  expect((await rawRequest(`${server.url}/`, { method: 'POST' })).status).toBe(400)
})

it('tells of an address that cannot be read in the form that was asked for', async () => {
  for (const path of ['/local/%zz', '/%', '/local/demo/runs/100%']) {
    const page = await rawRequest(server.url + path, { headers: { accept: 'text/html,*/*' } })
    expect([page.status, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8'])
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(page.text).toContain('<a href="/">')
    expect(page.text).not.toContain('zz')
  }
  for (const path of ['/local/%zz', '/api/%zz']) {
    const { status, text } = await rawRequest(server.url + path, {
      headers: path === '/local/%zz' ? {} : { accept: 'text/html' },
    })
    expect([status, JSON.parse(text)]).toMatchObject([400, { code: 'BAD_REQUEST' }])
  }
})

it('signs a page of this machine in, and none of its files', async () => {
  const page = await rawRequest(server.url, { headers: { accept: 'text/html' } })
  expect(page.headers['set-cookie']).toHaveLength(1)
  const file = await rawRequest(`${server.url}/_next/static/a.js`, { headers: { accept: '*/*' } })
  expect(file.headers['set-cookie']).toBeUndefined()
})

it('cannot be below a path, and says what to do', async () => {
  const page = await rawRequest(`${server.url}/local/demo`, { headers: { 'x-forwarded-prefix': '/kiroku' } })
  expect([page.status, JSON.parse(page.text)]).toMatchObject([
    404,
    {
      message:
        'the dashboard cannot be below /kiroku: give it a host name of its own, and name that in KIROKU_DASHBOARD_URL',
    },
  ])
})

it('says what to do where nothing is built', async () => {
  await expect(openDashboard(join(tmpdir(), 'kiroku-no-dashboard'))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('build it first'),
  })
})
