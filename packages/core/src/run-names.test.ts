import { expect, it } from 'vitest'
import { readRunName } from './run-names.ts'

it.each([
  ['id', { run: 'id' }],
  ['p:id', { project: 'p', run: 'id' }],
  ['p/id', { project: 'p', run: 'id' }],
  ['o/p:id', { organization: 'o', project: 'p', run: 'id' }],
  ['o/p/id', { organization: 'o', project: 'p', run: 'id' }],
  ['o/p/runs/id', { organization: 'o', project: 'p', run: 'id' }],
  ['', null],
  ['p:', null],
  ['o//id', null],
  ['/p/id', null],
  ['a/b/c/d', null],
])('a run is written as %s', (text, name) => {
  expect(readRunName(text)).toEqual(name)
})
