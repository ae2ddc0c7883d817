import { describe, expect, it } from 'vitest'
import { createHistoryService } from './history.service.ts'

describe('room for batches', () => {
  const unused = () => {
    throw new Error('not reached')
  }
  const service = () =>
    createHistoryService({
      store: {
        insert: unused,
        series: unused,
        points: unused,
        texts: unused,
        deleteRun: unused,
        ping: unused,
        close: unused,
      },
      repository: { findWriter: unused, commit: unused },
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

  it('is closed with the server', async () => {
    const history = service()
    await history.close()
    expect(() => history.admit(1)).toThrow('the server is stopping')
  })
})
