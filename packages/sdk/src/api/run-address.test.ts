import { describe, expect, it } from 'vitest'
import { parseProjectPath, parseRunPath } from './run-address.ts'

describe('3.4 the path of a run', () => {
  it.each([
    ['demo/a1', { project: 'demo', run: 'a1' }],
    ['demo:a1', { project: 'demo', run: 'a1' }],
    ['team/demo/a1', { organization: 'team', project: 'demo', run: 'a1' }],
    ['team/demo:a1', { organization: 'team', project: 'demo', run: 'a1' }],
    ['/team/demo/runs/a1', { organization: 'team', project: 'demo', run: 'a1' }],
    ['my project/a.b-c', { project: 'my project', run: 'a.b-c' }],
  ])('%s is understood', (path, address) => {
    expect(parseRunPath(path)).toEqual(address)
  })

  it.each([
    ['a1', 'project/id'],
    ['', 'project/id'],
    ['a/b/c/d', 'project/id'],
    ['demo/', 'project/id'],
    ['demo/a b', 'a run id may use'],
    ['Team/demo/a', 'organization'],
  ])('%s is refused, with what is wrong', (path, why) => {
    expect(() => parseRunPath(path)).toThrow(why)
  })
})

describe('3.4 the path of a project', () => {
  it('may name its organization', () => {
    expect(parseProjectPath('demo')).toEqual({ project: 'demo' })
    expect(parseProjectPath('team/demo')).toEqual({ organization: 'team', project: 'demo' })
    for (const bad of ['', 'a/b/c', 'team/']) expect(() => parseProjectPath(bad), bad).toThrow(/project( path|'s path)/)
  })
})
