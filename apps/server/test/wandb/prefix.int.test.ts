import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProxy, type TestProxy, type TestServer, testOrganization, testServer } from '../../src/testing/index.ts'
import { count, points, project, runOf, succeeded } from './checks/check.ts'
import { installClient } from './client.ts'
import { newest } from './releases.ts'

const wandb = await installClient(newest)
const timeout = 240_000
const dashboardUrl = 'https://kiroku.test'

let server: TestServer
let proxy: TestProxy
beforeAll(async () => {
  server = await testServer({ pathPrefix: '/kept', dashboardUrl })
  proxy = await startProxy([server.url])
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await server.close()
})

describe.concurrent.each(['/stripped', '/kept'])('below the path %s of a proxy', (prefix) => {
  it('a client logs, uploads and downloads, and its links lead to the dashboard', { timeout }, async ({ skip }) => {
    if ('missing' in wandb) return skip(`no client: ${wandb.missing}`)
    const tenant = await testOrganization(server)
    const url = proxy.url + prefix
    const { id, result, output } = await succeeded(wandb.run('prefix.py', { ...tenant, url }))
    expect(await runOf(tenant, id)).toMatchObject({ state: 'finished', lastStep: 9 })
    expect([...(await points(tenant, id, 'loss')).values]).toEqual(count(10).map((step) => 1 / (step + 1)))
    expect(result).toMatchObject({ rows: 10, file: 'kept', artifact: 'kept' })
    const page = `/${tenant.organization}/${project}/runs/${id}`
    expect(output).toContain(url + page)
    expect(result).toMatchObject({ url: url + page, page: url + page })
    const answer = await fetch(url + page, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, dashboardUrl + page])
  })
})

it('without a prefix the links are as ever, and the dashboard is where it is', async () => {
  const { organization } = await testOrganization(server)
  const answer = await fetch(`${proxy.url}/${organization}`, { redirect: 'manual' })
  expect(answer.status).toBe(200)
  expect((await fetch(`${proxy.url}/kept/api/health`)).status).toBe(200)
  expect((await fetch(`${proxy.url}/keptness`, { redirect: 'manual' })).status).toBe(200)
})
