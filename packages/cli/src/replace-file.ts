import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Puts a file in the place of whatever has its name, at once and as a whole; a symbolic link there is replaced, never
 * followed. `check` sees the new file before it gets its name, and what it throws leaves everything as it was.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array | Readable,
  check?: (written: string) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const next = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(next, content, { flag: 'wx' })
    else await pipeline(content, createWriteStream(next, { flags: 'wx' }))
    await check?.(next)
    await rename(next, path)
  } catch (error) {
    await rm(next, { force: true })
    throw error
  }
}
