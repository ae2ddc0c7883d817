import { describe, expect, it } from 'vitest'
import { liveState, standingAfterFinish, stateOfEnd, type WriterFacts } from './run-state.ts'

const writer = (facts: Partial<WriterFacts>): WriterFacts => ({
  id: 'w',
  createdAt: 0,
  isResumed: false,
  heartbeatAt: 0,
  finishState: null,
  exitCode: null,
  finishedAt: null,
  tellsEnd: true,
  ...facts,
})
const finished = { finishState: 'finished', exitCode: 0, finishedAt: 50 } as const
const crashed = { finishState: 'crashed', exitCode: null, finishedAt: 40 } as const
const running = { state: 'running', exitCode: null, finishedAt: null }

describe('a run', () => {
  it.each<[string, WriterFacts[], unknown]>([
    ['ends as its only writer did', [writer(finished)], { state: 'finished', exitCode: 0, finishedAt: 50 }],
    [
      'ends as its newest writer did, also when the older one is heard of later',
      [writer({ createdAt: 2, ...finished }), writer({ createdAt: 1, ...crashed })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'runs on while a newer writer is alive',
      [writer({ createdAt: 1, ...crashed }), writer({ createdAt: 2, heartbeatAt: 100 })],
      running,
    ],
    [
      'ends when the newer writer was silent for too long',
      [writer({ createdAt: 1, ...finished }), writer({ createdAt: 2, heartbeatAt: 99 })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'ends with its newest writer although an older one never said goodbye',
      [writer({ createdAt: 1, heartbeatAt: 100 }), writer({ createdAt: 2, ...finished })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
  ])('%s', (_name, writers, expected) => {
    expect(standingAfterFinish(writers, { isShared: false, isPreempting: false, now: 130, aliveMs: 30 })).toEqual(
      expected,
    )
  })
})

describe('a run whose machine is about to be taken away', () => {
  it('is preempting from then on, until another writer goes on with it', () => {
    expect(liveState('running', false)).toBe('running')
    expect(liveState('crashed', false)).toBe('running')
    expect(liveState('running', true)).toBe('preempting')
    expect(liveState('preempting', false)).toBe('preempting')
    expect(liveState('preempted', false)).toBe('preempting')
  })

  it('is preempted where it would have failed, and else ends as it says', () => {
    expect(stateOfEnd('failed', 'preempting')).toBe('preempted')
    expect(stateOfEnd('crashed', 'preempting')).toBe('preempted')
    expect(stateOfEnd('finished', 'preempting')).toBe('finished')
    expect(stateOfEnd('killed', 'preempting')).toBe('killed')
    expect(stateOfEnd('failed', 'running')).toBe('failed')
  })

  it('stays so while a newer writer is alive, and is preempted with a writer of a shared one that fell silent', () => {
    const silent = writer({ createdAt: 1 })
    const options = { isPreempting: true, now: 130, aliveMs: 30 }
    const alive = [writer({ createdAt: 1, ...crashed }), writer({ createdAt: 2, heartbeatAt: 100 })]
    expect(standingAfterFinish(alive, { ...options, isShared: false }).state).toBe('preempting')
    const shared = [silent, writer({ createdAt: 2, heartbeatAt: 50, ...finished })]
    expect(standingAfterFinish(shared, { ...options, isShared: true }).state).toBe('preempted')
  })
})

describe('4.7 a shared run', () => {
  const failed = { finishState: 'failed', exitCode: 3, finishedAt: 30 } as const
  const alive = { heartbeatAt: 120 }
  it.each<[string, WriterFacts[], unknown]>([
    [
      'runs while any of its writers is alive',
      [writer({ createdAt: 1, ...alive }), writer({ createdAt: 2, heartbeatAt: 110, ...failed })],
      running,
    ],
    [
      'is failed when any failed, and ended when the last did',
      [writer({ heartbeatAt: 90, ...failed }), writer({ createdAt: 2, heartbeatAt: 90, ...finished })],
      { state: 'failed', exitCode: 3, finishedAt: 50 },
    ],
    [
      'is finished when all finished',
      [writer({ heartbeatAt: 90, ...finished }), writer({ createdAt: 2, heartbeatAt: 90, ...finished })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'is crashed when one of them fell silent',
      [writer({ heartbeatAt: 90 }), writer({ createdAt: 2, heartbeatAt: 95, ...finished })],
      { state: 'crashed', exitCode: null, finishedAt: 90 },
    ],
    [
      'is what those that ended say when only ones that need not tell their end fell silent',
      [writer({ heartbeatAt: 90, tellsEnd: false }), writer({ createdAt: 2, heartbeatAt: 95, ...finished })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'is crashed when all fell silent, whether they tell their end or not',
      [writer({ heartbeatAt: 90, tellsEnd: false }), writer({ createdAt: 2, heartbeatAt: 95, tellsEnd: false })],
      { state: 'crashed', exitCode: null, finishedAt: 95 },
    ],
    [
      'is not failed for what failed in an earlier life',
      [writer({ heartbeatAt: 10, ...failed }), writer({ createdAt: 20, heartbeatAt: 90, ...finished })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'is crashed for a writer that died before the next one began',
      [writer({ heartbeatAt: 5 }), writer({ createdAt: 20, heartbeatAt: 90, ...finished })],
      { state: 'crashed', exitCode: null, finishedAt: 50 },
    ],
    [
      'is not crashed for one that was dead when it was resumed',
      [writer({ heartbeatAt: 5 }), writer({ createdAt: 20, isResumed: true, heartbeatAt: 90, ...finished })],
      { state: 'finished', exitCode: 0, finishedAt: 50 },
    ],
    [
      'is failed for a short writer beside a long one',
      [
        writer({ createdAt: 0, heartbeatAt: 95, ...finished }),
        writer({ createdAt: 1, heartbeatAt: 2, ...failed }),
        writer({ createdAt: 50, heartbeatAt: 60, ...finished }),
      ],
      { state: 'failed', exitCode: 3, finishedAt: 50 },
    ],
  ])('%s', (_name, writers, expected) => {
    expect(standingAfterFinish(writers, { isShared: true, isPreempting: false, now: 130, aliveMs: 30 })).toEqual(
      expected,
    )
  })
})
