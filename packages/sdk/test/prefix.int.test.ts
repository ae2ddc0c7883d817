import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProxy, type TestProxy, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import { Script } from './script.ts'
import { endedRun, expectRows } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let proxy: TestProxy
beforeAll(async () => {
  server = await testServer({ pathPrefix: '/kept' })
  proxy = await startProxy([server.url])
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await server.close()
})

describe.each(['/stripped', '/kept'])('a server below the path %s of a proxy', (prefix) => {
  it('is logged to, uploaded to and read from', async () => {
    const place = await testOrganization(server)
    const url = proxy.url + prefix
    await using script = new Script('train.mjs', ['--rows', '50'], {
      KIROKU_URL: `${url}/`,
      KIROKU_API_KEY: place.apiKey,
    })
    expect(await script.exit(), script.stderr).toBe(0)
    const run = await endedRun(place, await script.runId())
    expect(run.state).toBe('finished')
    await expectRows(place, run.slug, 50)
    const page = `${url}/${place.organization}/demo/runs/${run.slug}`
    expect(script.stderr).toContain(page)
    const read = await api({ url, apiKey: place.apiKey }).run(`demo/${run.slug}`)
    expect(read.url).toBe(page)
    const files = await read.files()
    const program = files.find(({ path }) => path.endsWith('train.mjs'))
    const copy = await program?.download(join(script.directory, 'back'))
    expect(readFileSync(copy ?? '', 'utf8')).toContain('A training loop as a test needs it')
    let rows = 0
    for await (const _row of read.scanHistory()) rows++
    expect(rows).toBe(50)
  })
})
