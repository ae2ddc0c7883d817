import { describe, expect, it } from 'vitest'
import { fileNameParameters, headersOf, isPage, namesTag, pageHeadersOf } from './file-headers.ts'

const sha256 = 'a'.repeat(64)
const fileOf = (mime: string, path = 'media/file') => ({ path, sha256, size: 1, mime, createdAt: 0 })

describe('the headers of a file', () => {
  it.each(['image/png', 'image/jpeg', 'image/gif', 'audio/wav', 'video/mp4', 'application/json'])(
    'let a browser show %s',
    (mime) => {
      const headers = headersOf(fileOf(mime))
      expect(headers['content-type']).toBe(mime)
      expect(headers['content-disposition']).toMatch(/^inline; /)
    },
  )

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
    'image/png+xml',
    'video/mp4+xml',
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

describe('HTML that is shown as a page', () => {
  it('has an origin of its own, its own scripts, and nothing else', () => {
    const headers = pageHeadersOf(fileOf('text/html', 'media/html/a.html'))
    const [sandbox, ...sources] = (headers['content-security-policy'] ?? '').split('; ')
    expect(sandbox).toBe('sandbox allow-scripts')
    expect(sources).toContain("default-src 'none'")
    expect(sources).toContain("frame-ancestors 'self'")
    expect(sources.join(' ')).not.toMatch(/https?:|\*|connect-src/)
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' })
  })

  it('is told to be HTML', () => {
    expect(['text/html', 'Text/HTML; charset=utf-8'].map((mime) => isPage({ mime }))).toEqual([true, true])
    expect(['text/plain', 'application/xhtml+xml', ''].map((mime) => isPage({ mime }))).toEqual([false, false, false])
  })
})

describe('If-None-Match', () => {
  it('names a tag by itself, in a list, as weak, and as any', () => {
    const etag = `"${sha256}"`
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) expect(namesTag(header, etag)).toBe(true)
    for (const header of [undefined, '', '"x"', sha256]) expect(namesTag(header, etag)).toBe(false)
  })
})
