import { errorBodySchema, type KirokuError } from '@kiroku/core/errors'
import { encodeHistoryBatch } from '@kiroku/core/history'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchOf,
  client,
  postBatch,
  postBytes,
  readPoints,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
} from '../../testing/index.ts'

let server: TestServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

const rows = [{ step: 0, values: { loss: 1 } }]
const code = (expected: KirokuError['code']) => ({ data: { error: { code: expected } } })

describe('a deleted organization', () => {
  it('shows nothing to its members and takes nothing from their scripts until it is restored', async () => {
    const caller = await testOrganization(server)
    const { organization } = caller
    const api = client(caller)
    const run = await testRun(caller)
    await postBatch(caller, batchOf(run, { rows }))
    const deleted = await api.organizations.delete.mutate({ organization })
    expect(deleted).toMatchObject({ slug: organization })
    expect(await api.viewer.me.query()).toMatchObject({ organizations: [], deletedOrganizations: [deleted] })
    expect(await api.projects.list.query({})).toEqual([])
    await expect(api.projects.list.query({ organization })).rejects.toThrow(
      `the organization ${organization} was deleted`,
    )
    await expect(api.organizations.delete.mutate({ organization })).rejects.toMatchObject(code('NOT_FOUND'))
    await expect(testRun(caller)).rejects.toThrow(`the organization ${organization} was deleted`)
    const sent = await postBytes(caller, encodeHistoryBatch(batchOf(run, { firstSeq: 2, rows })))
    expect(sent.status).toBe(409)
    expect(errorBodySchema.parse(await sent.json()).message).toContain(`the organization ${organization} was deleted`)
    await api.organizations.restore.mutate({ organization })
    expect(await api.viewer.me.query()).toMatchObject({
      organizations: [{ slug: organization }],
      deletedOrganizations: [],
    })
    expect([...(await readPoints(caller, { ...run, metric: 'loss' })).steps]).toEqual([0])
    await postBatch(caller, batchOf(run, { firstSeq: 2, rows }))
    await expect(api.organizations.restore.mutate({ organization })).rejects.toMatchObject(code('NOT_FOUND'))
  })

  it('is never the one that the server was set up with', async () => {
    const { organization } = server
    const deleting = client(server).organizations.delete.mutate({ organization })
    await expect(deleting).rejects.toThrow('delete its projects instead')
    expect(await client(server).viewer.me.query()).toMatchObject({
      organizations: [{ slug: organization }],
      home: organization,
    })
  })

  it('is deleted and restored by its members only, and named as an organization is', async () => {
    const [one, other] = [await testOrganization(server), await testOrganization(server)]
    const { organization } = one
    const stranger = client(other)
    await expect(stranger.organizations.delete.mutate({ organization })).rejects.toMatchObject(code('NOT_FOUND'))
    await client(one).organizations.delete.mutate({ organization })
    await expect(stranger.organizations.restore.mutate({ organization })).rejects.toMatchObject(code('NOT_FOUND'))
    const wrong = stranger.organizations.delete.mutate({ organization: 'A B' })
    await expect(wrong).rejects.toMatchObject(code('BAD_REQUEST'))
    await expect(stranger.organizations.restore.mutate({ organization: '' })).rejects.toMatchObject(code('BAD_REQUEST'))
  })
})
