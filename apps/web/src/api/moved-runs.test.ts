import { expect, test } from 'vitest'
import { runFixture } from '../workspace/run-fixture.ts'
import type { LiveEvent } from './live.tsx'
import { addMoved, nothingMoved, runsToFetch, withFreshRuns } from './moved-runs.ts'

const page = (slugs: readonly string[]) => ({
  runs: slugs.map((slug) => runFixture({ slug })),
  total: slugs.length,
  nextCursor: null,
})

const movedBy = (...events: LiveEvent[]) => {
  const moved = nothingMoved()
  for (const event of events) addMoved(moved, event)
  return moved
}

const notice = (run: string, created = false, more: { deleted?: boolean } = {}): LiveEvent => ({
  kind: 'moved',
  notice: { runs: [{ run, state: 'running', points: true, created, ...more }] },
})

test('only runs that moved and are loaded are fetched again', () => {
  const pages = [page(['a', 'b']), page(['c'])]
  expect(runsToFetch(movedBy(notice('b'), notice('c'), notice('b'), notice('elsewhere')), pages)).toEqual(['b', 'c'])
  expect(runsToFetch(movedBy(notice('elsewhere')), pages)).toEqual([])
})

test('a new run, missed notices, a list that is not there and many runs need the whole list', () => {
  const pages = [page(['a'])]
  expect(runsToFetch(movedBy(notice('new', true)), pages)).toBeNull()
  expect(runsToFetch(movedBy({ kind: 'missed' }), pages)).toBeNull()
  expect(runsToFetch(movedBy(notice('a')), undefined)).toBeNull()
  const many = Array.from({ length: 26 }, (_, index) => `r${index}`)
  expect(runsToFetch(movedBy(...many.map((slug) => notice(slug))), [page(many)])).toBeNull()
})

test('a deleted run needs the whole list and is asked for no more, until it is restored', () => {
  const deleted = notice('a', false, { deleted: true })
  expect(runsToFetch(movedBy(deleted), [page(['a', 'b'])])).toBeNull()
  expect([...movedBy(notice('a'), deleted).gone]).toEqual(['a'])
  expect([...movedBy(deleted, notice('a')).gone]).toEqual([])
})

test('fresh runs take their places', () => {
  const fresh = runFixture({ slug: 'b', displayName: 'new name' })
  const [first, second] = withFreshRuns([page(['a', 'b']), page(['c'])], [fresh, null])
  expect(first?.runs.map((run) => run.displayName)).toEqual(['a', 'new name'])
  expect(second?.runs.map((run) => run.slug)).toEqual(['c'])
})
