import { expect, test } from 'vitest'
import { runFixture } from './run-fixture.ts'
import { groupChoices, groupedLooks, groupRuns, mostGroups } from './run-groups.ts'

const runs = [
  runFixture({ slug: 'a', group: 'one', tags: ['x', 'y'], config: { lr: 0.1, model: { name: 'big' } } }),
  runFixture({ slug: 'b', group: 'one', config: { lr: 0.1 } }),
  runFixture({ slug: 'c', tags: ['y'], config: { lr: 0.2 } }),
]
const named = (by: string) => groupRuns(runs, by, 0).drawn.map(({ name, runs: slugs }) => [name, slugs])

test('runs are grouped by what they are and by what their configs say, the largest group first', () => {
  expect(named('group')).toEqual([
    ['one', ['a', 'b']],
    ['no group', ['c']],
  ])
  expect(named('config.toString')).toEqual([['toString not set', ['a', 'b', 'c']]])
  expect(named('config.lr')).toEqual([
    ['lr 0.1', ['a', 'b']],
    ['lr 0.2', ['c']],
  ])
  expect(named('config.model.name')).toEqual([
    ['model.name not set', ['b', 'c']],
    ['model.name big', ['a']],
  ])
})

test('a run is in the group of each of its tags', () => {
  expect(named('tags')).toEqual([
    ['y', ['a', 'c']],
    ['no tag', ['b']],
    ['x', ['a']],
  ])
  const looks = groupedLooks(runs, groupRuns(runs, 'tags', 0))
  expect(looks.map(({ run }) => run)).toEqual(['a', 'b', 'c'])
  expect(looks[0]?.color).toBe(looks[2]?.color)
})

test('the choices say how many groups they make', () => {
  const choices = groupChoices(runs)
  expect(choices.map(({ value }) => value)).toEqual([
    '',
    'group',
    'jobType',
    'tags',
    'state',
    'config.lr',
    'config.model.name',
  ])
  expect(choices.find(({ value }) => value === 'config.lr')?.detail).toBe('2')
})

test('groups that are too many are counted', () => {
  const many = Array.from({ length: mostGroups + 5 }, (_, index) =>
    runFixture({ slug: `r${index}`, config: { seed: index } }),
  )
  const groups = groupRuns(many, 'config.seed', 3)
  expect(groups.drawn).toHaveLength(mostGroups)
  expect(groups).toMatchObject({ leftOut: 5, notLoaded: 3 })
})
