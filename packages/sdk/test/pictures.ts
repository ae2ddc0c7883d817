import { crc32, deflateSync } from 'node:zlib'

/** A whole grey PNG; one that has only its header where it would be large. */
export function pngBytes(width: number, height: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const rows = width * height < 10_000 ? Buffer.alloc((width + 1) * height) : Buffer.alloc(0)
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, sum])
}

/** The beginning of a JPEG, up to its size: with a comment, fill bytes and a Huffman table before it. */
export function jpegBytes(width: number, height: number): Uint8Array<ArrayBuffer> {
  const frame = [0xff, 0xc2, 0, 17, 8, height >> 8, height & 255, width >> 8, width & 255, 3]
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2],
    ...[0xff, 0xff, 0xff, 0xfe, 0, 4, 0xff, 0xc0],
    ...[0xff, 0xc4, 0, 3, 9],
    ...frame,
    ...[0xff, 0xd9],
  ])
}
