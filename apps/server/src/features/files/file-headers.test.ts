import { describe, expect, it } from 'vitest'
import { fileNameParameters, headersOf, namesTag } from './file-headers.ts'

const sha256 = 'a'.repeat(64)
const fileOf = (mime: string, path = 'media/file') => ({ path, sha256, size: 1, mime, createdAt: 0 })

describe('the headers of a file', () => {
  it.each(['image/png', 'image/jpeg', 'application/json'])('let a browser show %s', (mime) => {
    const headers = headersOf(fileOf(mime))
    expect(headers['content-type']).toBe(mime)
    expect(headers['content-disposition']).toMatch(/^inline; /)
  })

  it('let a browser show text, whatever it says of its characters', () => {
    for (const mime of ['text/plain', 'Text/Plain; charset=utf-7'])
      expect(headersOf(fileOf(mime))).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'content-disposition': expect.stringMatching(/^inline; /),
      })
  })

  it.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'application/pdf',
    'text/javascript',
    'image/gif',
    'image/png+xml',
  ])('have %s saved', (mime) => {
    const headers = headersOf(fileOf(mime))
    expect(headers['content-type']).toBe('application/octet-stream')
    expect(headers['content-disposition']).toMatch(/^attachment; /)
  })

  it('forbid everything to everything', () => {
    for (const mime of ['text/html', 'image/png'])
      expect(headersOf(fileOf(mime))).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "sandbox; default-src 'none'",
      })
  })

  it('name the file so that no header is broken', () => {
    const name = 'a "b"; c=\\é\n記(1).txt'
    expect(headersOf(fileOf('text/plain', `folder/${name}`))['content-disposition']).toBe(
      `inline; ${fileNameParameters(name)}`,
    )
    expect(fileNameParameters(name)).toBe(
      `filename="a _b__ c______1_.txt"; filename*=UTF-8''a%20%22b%22%3B%20c%3D%5C%C3%A9%0A%E8%A8%98%281%29.txt`,
    )
  })
})

describe('If-None-Match', () => {
  it('names a tag by itself, in a list, as weak, and as any', () => {
    const etag = `"${sha256}"`
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) expect(namesTag(header, etag)).toBe(true)
    for (const header of [undefined, '', '"x"', sha256]) expect(namesTag(header, etag)).toBe(false)
  })
})
