import type { Run } from '@kiroku/core/runs'

/** A finished run for tests, with the fields given. */
export function runFixture(given: Partial<Run> = {}): Run {
  const slug = given.slug ?? 'run-a'
  return {
    id: `00000000-0000-4000-8000-${slug.padStart(12, '0')}`,
    slug,
    organization: 'local',
    project: 'demo',
    displayName: slug,
    group: null,
    jobType: null,
    notes: null,
    tags: [],
    state: 'finished',
    config: {},
    summary: {},
    createdAt: 1_700_000_000_000,
    startedAt: 1_700_000_000_000,
    finishedAt: 1_700_000_060_000,
    heartbeatAt: 1_700_000_060_000,
    exitCode: 0,
    lastStep: null,
    liveWriters: 0,
    runtimeMs: 0,
    isShared: false,
    stopAskedAt: null,
    sweep: null,
    git: {},
    host: {},
    ...given,
  }
}
