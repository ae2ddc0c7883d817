import { encodeHistoryBatch } from '@kiroku/core/history'
import { routes } from '@kiroku/core/routes'
import { expect, it, onTestFinished, vi } from 'vitest'
import { batchOf, postBytes, rawRequest, testOrganization, testRun, testServer } from '../testing/index.ts'

it('logs have what happened and the id of the request, and never a key, a cookie or a payload', async () => {
  const lines: string[] = []
  const writing = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  onTestFinished(() => writing.mockRestore())
  let mustFail = true
  await using server = await testServer({
    logLevel: 'trace',
    onIngestStep: (step) => {
      if (mustFail && step === 'stored') throw new Error('failed on purpose')
    },
  })
  const caller = await testOrganization(server)
  const run = await testRun(caller, { config: { secret: 'my-payload' }, notes: 'my-payload' })
  const batch = batchOf(run, { rows: [{ step: 0, values: { 'my-payload': 1 } }] })
  const failed = await postBytes(caller, encodeHistoryBatch(batch))
  expect(failed.status).toBe(500)
  const requestId = failed.headers.get('x-request-id') ?? ''
  expect(await failed.json()).toEqual({ code: 'INTERNAL', message: expect.stringContaining(requestId), requestId })
  mustFail = false
  await postBytes(caller, encodeHistoryBatch(batch))
  const session = await rawRequest(server.url + routes.session, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey: caller.apiKey }),
  })
  const token = /kiroku_session=([A-Za-z0-9]+)/.exec(session.headers['set-cookie']?.[0] ?? '')?.[1] ?? ''
  await rawRequest(`${server.url}/api/nothing`, { headers: { cookie: `kiroku_session=${token}` } })
  await rawRequest(`${server.url}${routes.trpc}/runs.create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ project: 'my-payload', startedAt: 'my-payload' }),
  })
  const log = lines.join('')
  expect(log).toContain('failed on purpose')
  expect(log).toContain(requestId)
  expect(token).toHaveLength(48)
  for (const secret of [caller.apiKey, server.apiKey, token, 'my-payload']) expect(log).not.toContain(secret)
})
