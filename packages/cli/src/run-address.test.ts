import { describe, expect, it } from 'vitest'
import { parseRunName } from './run-address.ts'

describe('6.3 the name of a run', () => {
  it.each([
    ['abc', { run: 'abc' }],
    ['demo:abc', { project: 'demo', run: 'abc' }],
    ['demo/abc', { project: 'demo', run: 'abc' }],
    ['team/demo:abc', { organization: 'team', project: 'demo', run: 'abc' }],
    ['team/demo/abc', { organization: 'team', project: 'demo', run: 'abc' }],
    ['my project:a.b_c-d', { project: 'my project', run: 'a.b_c-d' }],
    ['https://kiroku.example/team/my%20project/runs/abc', { organization: 'team', project: 'my project', run: 'abc' }],
    ['http://127.0.0.1:8080/team/demo/runs/abc?x=1', { organization: 'team', project: 'demo', run: 'abc' }],
    ['http://127.0.0.1:8080/team/runs/runs/abc', { organization: 'team', project: 'runs', run: 'abc' }],
  ])('reads %s', (text, expected) => {
    expect(parseRunName(text)).toEqual({ organization: undefined, project: undefined, ...expected })
  })

  it.each(['', 'demo:', ':abc', '/demo/abc', 'a/b/c/d', 'demo//abc'])('refuses `%s`', (text) => {
    expect(() => parseRunName(text)).toThrow(/names no run/)
  })
})
