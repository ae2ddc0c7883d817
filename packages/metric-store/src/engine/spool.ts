import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'

const sharedMemory = '/dev/shm'
const chunksPerWrite = 512

/** Files that carry inserted rows to the engine. Only the owner of the data directory may make one for it. */
export type Spool = {
  /**
   * Writes a file, in shared memory when there is room and in `<data directory>/tmp` otherwise, and gives its path; the
   * caller removes it. Throws `KirokuError` UNAVAILABLE when there is room in neither.
   */
  write(chunks: readonly Uint8Array[]): Promise<string>
  /** Removes what a killed process left behind. */
  clean(): void
}

/** A spool for a data directory, whose files no other directory's spool touches. */
export function openSpool(directory: string, memory: string = sharedMemory): Spool {
  const prefix = `kiroku-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}-`
  const fallback = join(directory, 'tmp')
  let next = 0
  return {
    async write(chunks) {
      const name = `${prefix}${process.pid}-${next++}.native`
      try {
        return await writeAll(join(memory, name), chunks)
      } catch {
        return await writeInstead(fallback, name, chunks)
      }
    },
    clean() {
      for (const folder of [memory, fallback]) {
        for (const name of listed(folder)) {
          if (name.startsWith(prefix)) rmSync(join(folder, name), { force: true })
        }
      }
    },
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

async function writeInstead(folder: string, name: string, chunks: readonly Uint8Array[]): Promise<string> {
  try {
    mkdirSync(folder, { recursive: true })
    return await writeAll(join(folder, name), chunks)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new KirokuError({ code: 'UNAVAILABLE', message: `cannot write in ${folder}: ${why}`, cause })
  }
}

async function writeAll(file: string, chunks: readonly Uint8Array[]): Promise<string> {
  const handle = await open(file, 'wx', 0o600)
  try {
    for (let from = 0; from < chunks.length; from += chunksPerWrite) {
      const slice = chunks.slice(from, from + chunksPerWrite)
      const bytes = slice.reduce((sum, chunk) => sum + chunk.byteLength, 0)
      const { bytesWritten } = await handle.writev(slice)
      if (bytesWritten !== bytes) throw new Error(`${bytesWritten} of ${bytes} bytes were written`)
    }
    return file
  } catch (cause) {
    await rm(file, { force: true })
    throw cause
  } finally {
    await handle.close()
  }
}
