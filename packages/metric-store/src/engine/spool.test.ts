import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSpool } from './spool.ts'

let directory = ''
let memory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-spool-'))
  memory = mkdtempSync(join(tmpdir(), 'kiroku-memory-'))
})

afterEach(() => {
  for (const folder of [directory, memory]) rmSync(folder, { recursive: true, force: true })
})

const manyChunks = Array.from({ length: 1500 }, (_, index) => Uint8Array.of(index & 255))

test('a file holds its chunks in order', async () => {
  const file = await openSpool(directory, memory).write(manyChunks)
  expect(dirname(file)).toBe(memory)
  expect(readFileSync(file)).toEqual(Buffer.concat(manyChunks))
})

test('without shared memory the data directory takes the file', async () => {
  const file = await openSpool(directory, join(memory, 'missing')).write(manyChunks)
  expect(dirname(file)).toBe(join(directory, 'tmp'))
  expect(readFileSync(file)).toEqual(Buffer.concat(manyChunks))
})

test('cleaning removes what this directory left behind, and nothing else', async () => {
  const others = join(memory, 'kiroku-0123456789abcdef-1-0.native')
  writeFileSync(others, 'x')
  await openSpool(directory, memory).write(manyChunks)
  await openSpool(directory, join(memory, 'missing')).write(manyChunks)
  openSpool(directory, memory).clean()
  expect(readdirSync(memory)).toEqual(['kiroku-0123456789abcdef-1-0.native'])
  expect(readdirSync(join(directory, 'tmp'))).toEqual([])
})

test('no room anywhere is one clear error', async () => {
  writeFileSync(join(directory, 'tmp'), 'a file where the folder should be')
  await expect(openSpool(directory, join(memory, 'missing')).write(manyChunks)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`cannot write in ${join(directory, 'tmp')}`),
  })
})
