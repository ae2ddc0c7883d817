import { describe, expect, test } from 'vitest'
import { runFixture } from '../workspace/run-fixture.ts'
import { gitFacts, hostFacts, remotePage, resumesOf, timeFacts } from './facts.ts'

const named = (list: { name: string; text: string }[], name: string): string | undefined =>
  list.find((fact) => fact.name === name)?.text

describe('the time of a run', () => {
  test('is that of its scripts, and the rests between them are told', () => {
    const run = runFixture({ startedAt: 0, finishedAt: 3_600_000, runtimeMs: 90_000 })
    const segments = [
      { startedAt: 0, runtimeBeforeMs: 0 },
      { startedAt: 600_000, runtimeBeforeMs: 30_000 },
      { startedAt: 3_500_000, runtimeBeforeMs: 60_000 },
    ]
    expect(named(timeFacts(run, segments), 'run time')).toBe('1 m 30 s')
    expect(named(timeFacts(run, segments), 'resumed')).toBe('2 times, it rested 57 m 20 s in between')
  })

  test('has no rest where the run went through', () => {
    expect(resumesOf([])).toEqual({ times: 0, restedMs: 0 })
    expect(named(timeFacts(runFixture(), [{ startedAt: 5, runtimeBeforeMs: 0 }]), 'resumed')).toBeUndefined()
  })

  test('of a shared run is not taken for a resumed one', () => {
    const segments = [5, 6].map((startedAt) => ({ startedAt, runtimeBeforeMs: 0 }))
    expect(named(timeFacts(runFixture({ isShared: true }), segments), 'resumed')).toBeUndefined()
  })

  test('says when several processes share the run', () => {
    expect(named(timeFacts(runFixture({ isShared: true })), 'writers')).toBe('shared by several processes')
    expect(named(timeFacts(runFixture()), 'writers')).toBeUndefined()
  })
})

test('the patches, the program and the packages lead to their files', () => {
  const sha = 'a'.repeat(40)
  const paths = ['diff.patch', `diff_${sha}.patch`, 'code/train.ts', 'packages.json', 'media/a.png']
  const files = paths.map((path) => ({ path, size: 2048 }))
  const git = gitFacts(runFixture({ git: { commit: sha } }), files)
  expect(git.flatMap(({ name, file }) => (file === undefined ? [] : [[name, file]]))).toEqual([
    ['patch', 'diff.patch'],
    ['patch upstream', `diff_${sha}.patch`],
    ['program', 'code/train.ts'],
  ])
  expect(hostFacts(runFixture(), files)).toEqual([
    { name: 'packages', text: 'packages.json, 2 KiB', exact: 'packages.json', file: 'packages.json' },
  ])
})

test('a remote has a page where its address tells one', () => {
  expect(remotePage('git@host.example:team/repo.git')).toBe('https://host.example/team/repo')
  expect(remotePage('https://host.example/team/repo')).toBe('https://host.example/team/repo')
  expect(remotePage('ssh://git@host.example/team/repo.git')).toBe('https://host.example/team/repo')
  expect(remotePage('/srv/git/repo')).toBeNull()
  expect(remotePage('javascript:alert(1)')).toBeNull()
})
