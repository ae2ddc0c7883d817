import { afterAll, beforeAll, describe, it } from 'vitest'
import { type TestServer, testOrganization, testServer } from '../../src/testing/index.ts'
import { checks, impossible } from './checks.ts'
import { installClient, versions } from './client.ts'
import { sweepChecks } from './sweep-checks.ts'

const clients = await Promise.all(versions.map(installClient))
const timeout = 240_000

let server: TestServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

// Each check has an organization of its own, so that all run beside each other against one server.
describe.concurrent.each(clients)('wandb $version', (wandb) => {
  it.for(Object.entries({ ...checks, ...sweepChecks }))(
    '%s',
    { timeout, concurrent: true },
    async ([name, check], { skip }) => {
      if ('missing' in wandb) return skip(`no client: ${wandb.missing}`)
      const reason = impossible[wandb.version]?.[name]
      if (reason !== undefined) return skip(reason)
      await check(wandb, await testOrganization(server))
    },
  )
})
