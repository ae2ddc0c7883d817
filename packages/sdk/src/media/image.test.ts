import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jpegBytes, pngBytes } from '../../test/pictures.ts'
import { Image } from './image.ts'

const size = fc.integer({ min: 1, max: 65_535 })

describe('1.5 images', () => {
  it('know their size from the header', () => {
    fc.assert(
      fc.property(size, size, (width, height) => {
        expect(new Image(pngBytes(width, height))).toMatchObject({ format: 'png', width, height })
        expect(new Image(jpegBytes(width, height))).toMatchObject({ format: 'jpeg', width, height })
      }),
    )
  })

  it('are read from a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kiroku-image-'))
    const path = join(directory, 'a.png')
    writeFileSync(path, pngBytes(3, 2))
    expect(new Image(path, { caption: 'a\0b' })).toMatchObject({ width: 3, height: 2, caption: 'a\ufffdb' })
    rmSync(directory, { recursive: true })
    expect(() => new Image(path)).toThrow(`image: cannot read ${path}: ENOENT`)
  })

  it('are a copy of what they were made from', () => {
    const bytes = pngBytes(3, 2)
    const image = new Image(bytes.buffer)
    bytes.fill(0)
    expect(image.bytes).toEqual(pngBytes(3, 2))
  })

  it.each([
    ['no bytes', new Uint8Array(0)],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0')],
    ['a PNG that is cut', pngBytes(3, 2).subarray(0, 20)],
    ['a PNG without a size', pngBytes(0, 2)],
    ['a JPEG that is cut', jpegBytes(3, 2).subarray(0, 25)],
    ['a JPEG without a size', jpegBytes(3, 0)],
    ['zlib', deflateSync('x')],
  ])('refuse %s', (_, bytes) => {
    expect(() => new Image(bytes)).toThrow(`image: these ${bytes.length} bytes are neither PNG nor JPEG`)
  })

  it('refuse any bytes without another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, isPng) => {
        const bytes = Buffer.concat([isPng ? pngBytes(1, 1).subarray(0, 8) : Buffer.from([0xff, 0xd8, 0xff]), tail])
        try {
          expect(new Image(bytes).width).toBeGreaterThan(0)
        } catch (cause) {
          expect(cause).toMatchObject({ name: 'KirokuError', code: 'BAD_REQUEST' })
        }
      }),
    )
  })
})
