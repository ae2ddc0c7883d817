import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeDirectory } from './make-directory.ts'

let base: string
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'kiroku-directory-'))
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

it('makes what is missing, and says whether it was', () => {
  const path = join(base, 'a', 'b', 'c')
  expect([makeDirectory(path), existsSync(path), makeDirectory(path)]).toEqual([true, true, false])
})

it('throws where a file is in the way', () => {
  writeFileSync(join(base, 'file'), '')
  expect(() => makeDirectory(join(base, 'file'))).toThrow('EEXIST')
  expect(() => makeDirectory(join(base, 'file', 'below'))).toThrow('ENOTDIR')
})

it.runIf(process.platform === 'linux')('comes back from a file system that makes none', () => {
  expect(() => makeDirectory('/proc/kiroku/a/b')).toThrow('ENOENT')
})
