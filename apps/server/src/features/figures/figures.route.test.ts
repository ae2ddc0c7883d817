import { gunzipSync } from 'node:zlib'
import { routes } from '@kiroku/core/routes'
import { fastify } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { registerFigureRoutes } from './figures.route.ts'

const app = fastify()
let page: Awaited<ReturnType<typeof get>>

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
const scriptPath = (): string => / src="([^"]+)"/.exec(page.body)?.[1] ?? ''

beforeAll(async () => {
  registerFigureRoutes(app)
  page = await get(routes.figureFrame)
})
afterAll(() => app.close())

it('is a page of no origin and no network, which Kiroku alone frames and which loads one script', () => {
  const rules = String(page.headers['content-security-policy']).split('; ')
  expect(rules[0]).toBe('sandbox allow-scripts')
  expect(rules).toContain("default-src 'none'")
  expect(rules).toContain("script-src 'self'")
  expect(rules).toContain("frame-ancestors 'self'")
  expect(rules.join(' ')).not.toMatch(/https?:|\*|unsafe-eval|connect-src/)
  expect(page.headers['x-frame-options']).toBe('SAMEORIGIN')
  expect(page.body.match(/<script/g)).toHaveLength(1)
})

it('has a script for frames of any origin, kept for good, and small for who takes it so', async () => {
  const plain = await get(scriptPath())
  expect(plain.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': expect.stringContaining('immutable'),
  })
  expect(plain.body).toContain('Plotly.react(')
  const zipped = await get(scriptPath(), { 'accept-encoding': 'gzip, br' })
  expect(zipped.headers['content-encoding']).toBe('gzip')
  expect(zipped.rawPayload.length).toBeLessThan(2_000_000)
  expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true)
})

it('has no other script', async () => {
  expect((await get(`${routes.figureFrame}/other.js`)).statusCode).toBe(404)
  expect((await get(`${scriptPath()}?x`)).statusCode).toBe(404)
})
