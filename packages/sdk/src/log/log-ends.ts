import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { framedBytes, frameHeaderBytes, frameMark, maxPayloadBytes, recordKinds, updateFlags } from './format.ts'
import { LogReader } from './log-reader.ts'
import { readJsonRecord } from './record-json.ts'
import { type LogHeader, logHeaderSchema } from './schemas.ts'

const tailBytes = 4096

/** A log's header; undefined when it is not whole, or none. Throws what the file system throws. */
export function readLogHeader(path: string): LogHeader | undefined {
  const reader = new LogReader(path)
  try {
    reader.isFinal = true
    if (!reader.next() || reader.bytes[reader.start] !== recordKinds.header) return undefined
    return readJsonRecord(reader, logHeaderSchema)
  } finally {
    reader.close()
  }
}

/** True when the record that ends the run is the log's last. Throws what the file system throws. */
export function hasLogEnd(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const length = Math.min(size, tailBytes) & ~7
    const tail = Buffer.alloc(length)
    readSync(file, tail, 0, length, size - length)
    for (let at = 0; at + frameHeaderBytes < length; at += 8) if (isEnd(tail.subarray(at))) return size % 8 === 0
    return false
  } finally {
    closeSync(file)
  }
}

function isEnd(frame: Buffer): boolean {
  const word = frame.readUInt32LE(0)
  const length = word & maxPayloadBytes
  if (word >>> 24 !== frameMark || framedBytes(length) !== frame.length) return false
  const payload = frame.subarray(frameHeaderBytes, frameHeaderBytes + length)
  if (payload[0] !== recordKinds.update || payload[1] !== updateFlags.finishes) return false
  return crc32(payload) === frame.readUInt32LE(4)
}
