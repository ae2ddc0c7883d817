import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { prefixOf, stripPrefix } from './path-prefix.ts'

function ask(url: string, headers: Record<string, string> = {}): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.url = url
  Object.assign(request.headers, headers)
  return request
}

describe('a path prefix', () => {
  it.each([
    ['/kiroku/graphql', '/graphql', '/kiroku'],
    ['/kiroku/', '/', '/kiroku'],
    ['/kiroku', '/', '/kiroku'],
    ['/kiroku?a=1', '/?a=1', '/kiroku'],
    ['/graphql', '/graphql', ''],
    ['/kirokus/graphql', '/kirokus/graphql', ''],
    ['/kiroku/kiroku/demo', '/kiroku/demo', '/kiroku'],
  ])('of %s leaves %s, and is known then', (url, left, prefix) => {
    const request = ask(url)
    expect(stripPrefix('/kiroku')(request)).toBe(left)
    expect(prefixOf(request)).toBe(prefix)
  })

  it.each([
    ['/kiroku', '/kiroku'],
    ['/a/b-c', '/a/b-c'],
    ['/kiroku/', '/kiroku'],
    ['/kiroku, /other', '/kiroku'],
    ['', ''],
    ['/', ''],
    ['kiroku', ''],
    ['//evil.example', ''],
    ['/../x', ''],
    ['/a b', ''],
    ['/"><script>', ''],
  ])('that a proxy says as %j is %j', (said, prefix) => {
    expect(prefixOf(ask('/', { 'x-forwarded-prefix': said }))).toBe(prefix)
  })
})
