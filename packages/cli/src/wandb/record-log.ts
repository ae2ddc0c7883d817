import { type FileHandle, open } from 'node:fs/promises'
import { KirokuError } from '@kiroku/core/errors'
import { blockBytes, type Damage, fileHeader, RecordBlocks } from './record-blocks.ts'

/** What of a log could not be read: `cutBytes` of a last record that is not whole, and what is damaged. */
export type LogEnd = { cutBytes: number; damage: Damage | null }

/**
 * The records of a `.wandb` file, in their order, up to `size` bytes of it. A block of the file and a record are in memory.
 * A record's bytes are valid until the next one is asked for. `onRead` hears how many bytes were read. Throws `KirokuError`
 * BAD_REQUEST when the file is none.
 */
export async function* readRecordLog(
  path: string,
  { size, onRead }: { size: number; onRead?: (bytes: number) => void },
): AsyncGenerator<Uint8Array, LogEnd, undefined> {
  const blocks = new RecordBlocks()
  const file = await open(path)
  try {
    const piece = Buffer.alloc(32 * blockBytes)
    for (let at = 0; at < size; ) {
      const length = await readFully(file, piece.subarray(0, Math.min(piece.length, size - at)), at)
      if (length === 0) break
      for (let from = 0; from < length; from += blockBytes) {
        const skipped = at + from === 0 ? fileHeader.length : 0
        const block = piece.subarray(from, Math.min(from + blockBytes, length))
        if (skipped > 0) checkHeader(path, block)
        yield* blocks.records(block.subarray(skipped), at + from + skipped)
      }
      at += length
      onRead?.(at)
    }
  } finally {
    await file.close()
  }
  blocks.end()
  return { cutBytes: blocks.cutBytes, damage: blocks.damage }
}

async function readFully(file: FileHandle, into: Uint8Array, at: number): Promise<number> {
  let length = 0
  while (length < into.length) {
    const { bytesRead } = await file.read(into, length, into.length - length, at + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return length
}

function checkHeader(path: string, block: Uint8Array): void {
  if (block.length < fileHeader.length) return
  const differs = fileHeader.findIndex((byte, index) => block[index] !== byte)
  if (differs < 0) return
  const isVersion = differs === fileHeader.length - 1
  const why = isVersion
    ? `has version ${block[differs]} of the format, and only version 0 can be read`
    : 'is no .wandb file: its first bytes are others'
  throw new KirokuError({ code: 'BAD_REQUEST', message: `${path} ${why}` })
}
