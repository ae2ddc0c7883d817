import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RowsFile } from './rows-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'kiroku-rows-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const openFiles = (): string[] =>
  readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`)
      return path.startsWith(directory) ? [path] : []
    } catch {
      return []
    }
  })

test('a file of rows that is given up in the middle is closed, and a finished one is whole', async () => {
  const path = join(directory, 'rows')
  const failing = async (): Promise<void> => {
    await using file = new RowsFile(path)
    await file.add('one\n', 1)
    throw new Error('the server is gone')
  }
  await expect(failing()).rejects.toThrow('the server is gone')
  expect(openFiles()).toEqual([])
  await using file = new RowsFile(path)
  await file.add('one\ntwo\n', 2)
  expect((await file.finish()).count).toBe(2)
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  expect(openFiles()).toEqual([])
})
