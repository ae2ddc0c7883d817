import { afterAll, beforeAll, describe, it } from 'vitest'
import { type TestServer, testOrganization, testServer } from '../../src/testing/index.ts'
import { checks } from './checks/index.ts'
import { installClient } from './client.ts'
import { releasesFor } from './features/table.ts'
import { allReleases } from './releases.ts'

const clients = await Promise.all(allReleases.map(installClient))
const timeout = 240_000

let server: TestServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

// Each check has an organization of its own, so that all run beside each other against one server.
describe.concurrent.each(clients)('wandb $version', (wandb) => {
  const named = checks
    .filter((check) => releasesFor(check).includes(wandb.version))
    .map((check) => [check.name, check] as const)
  it.for(named)('%s', { timeout, concurrent: true }, async ([, check], { skip }) => {
    if ('missing' in wandb) return skip(`no client: ${wandb.missing}`)
    await check.run(wandb, await testOrganization(server))
  })
})
