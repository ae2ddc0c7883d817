import { encodeFrame } from '@kiroku/core/frames'
import { emptyRowBlock, encodeHistoryBatch, type Rejection } from '@kiroku/core/history'
import type { MetricStore } from '@kiroku/metric-store'
import { describe, expect, it } from 'vitest'
import { authorizeOrganization } from '../../http/scopes.ts'
import { createHistoryService, type HistoryService } from './history.service.ts'

describe('room for batches', () => {
  const unused = () => {
    throw new Error('not reached')
  }
  const service = () =>
    createHistoryService({
      store: { insert: unused, removeVersion: unused },
      repository: {
        findWriter: unused,
        reserve: unused,
        commit: unused,
        arrive: unused,
        hold: unused,
        settled: unused,
      },
    })

  it('is bounded, says when to come back, and comes back', () => {
    const history = service()
    const size = 32 * 1024 * 1024
    const releases = Array.from({ length: 8 }, () => history.admit(size))
    expect(() => history.admit(1)).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', details: { retryAfterMs: 1000 } }),
    )
    releases[0]?.()
    releases[0]?.()
    expect(() => history.admit(size)).not.toThrow()
    expect(() => history.admit(size)).toThrow('too many batches')
  })

  it('is there for one batch, however large', () => {
    expect(() => service().admit(Number.MAX_SAFE_INTEGER)).not.toThrow()
  })

  it('covers what decoding the JSON of a batch takes, which is refused before it is decoded', async () => {
    const history = service()
    const header = { v: 1, padding: 'x'.repeat(30 * 1024 * 1024) }
    const heavy = encodeFrame(header, [])
    const others = [history.admit(1), history.admit(heavy.byteLength)]
    await expect(history.accept(scope, heavy)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('256 MiB'),
      details: { retryAfterMs: 1000 },
    })
    others[0]?.()
    // Alone it is decoded, and then found wrong.
    await expect(history.accept(scope, heavy)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    others[1]?.()
    // And has given back what it took.
    Array.from({ length: 8 }, () => history.admit(32 * 1024 * 1024))
    expect(() => history.admit(1)).toThrow('too many batches')
  })

  it('is closed with the server', async () => {
    const history = service()
    await history.close()
    expect(() => history.admit(1)).toThrow('the server is stopping')
  })
})

const organizations = [{ id: 'o', slug: 'local', name: 'Local' }]
const scope = authorizeOrganization(
  { userId: 'u', name: 'owner', email: null, via: 'key', organizations, deletedOrganizations: [] },
  'local',
)
const at = Float64Array.of(1)
const bytes = encodeHistoryBatch({
  project: 'p',
  run: 'r',
  writer: 'w'.repeat(16),
  firstSeq: 1,
  lastSeq: 1,
  history: { seqs: at, steps: at, times: at, metrics: [{ name: 'loss', rows: null, values: at }] },
  system: emptyRowBlock(),
  texts: [],
  updates: [],
  console: [],
})

/** A service whose store is `insert` and whose database takes all of a batch but what is `rejected`. */
function serviceOver({
  insert = async () => {},
  ackSeq = 0,
  rejected = [],
}: {
  insert?: MetricStore['insert']
  /** What other servers have acknowledged meanwhile. */
  ackSeq?: number
  rejected?: Rejection[]
}): HistoryService {
  const known = { projectId: 'p', runId: 'r', writerId: 'w', ackSeq: 0, label: null, isShared: false }
  return createHistoryService({
    store: { insert, removeVersion: async () => {} },
    repository: {
      findWriter: async () => ({ scope, ...known }),
      arrive: async () => ({ lastVersion: 7, ackSeqs: new Map([['w', ackSeq]]) }),
      hold: async () => async () => {},
      settled: async () => {},
      reserve: async () => [],
      commit: async (batches) =>
        batches.map(({ batch }) => ({ ackSeq: batch.lastSeq, rejected, otherWriters: 0, isStopAsked: false })),
    },
  })
}

describe('a batch', () => {
  it('is stored by its number of arrival, and not at all where another server has acknowledged it meanwhile', async () => {
    const versions: number[] = []
    const insert: MetricStore['insert'] = async (points) => {
      versions.push(...points.map(({ version }) => version))
    }
    const history = serviceOver({ insert })
    expect(await history.accept(scope, bytes)).toMatchObject({ ackSeq: 1 })
    await history.close()
    const late = serviceOver({ insert, ackSeq: 1 })
    expect(await late.accept(scope, bytes)).toMatchObject({ ackSeq: 1 })
    await late.close()
    expect(versions).toEqual([7])
  })

  it('of which much cannot be stored is answered with a thousand reasons, and how many more there are', async () => {
    const rejected = Array.from({ length: 1003 }, (_, index) => ({ metric: `m${index}`, reason: 'no' }))
    const history = serviceOver({ rejected })
    const { rejected: told } = await history.accept(scope, bytes)
    expect(told).toEqual([
      ...rejected.slice(0, 1000),
      { metric: 'the batch', reason: '3 more values cannot be stored either' },
    ])
    await history.close()
  })
})
