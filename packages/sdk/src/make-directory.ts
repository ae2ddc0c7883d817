import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it; answers whether it is new. Throws what the file system throws. Node 20's own way to make
 * several never comes back where a file system makes no directories, such as `/proc`.
 */
export function makeDirectory(path: string): boolean {
  try {
    return makeOne(path)
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (!isAbsent || dirname(path) === path) throw cause
  }
  makeDirectory(dirname(path))
  return makeOne(path)
}

function makeOne(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (cause) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false
    throw cause
  }
}
