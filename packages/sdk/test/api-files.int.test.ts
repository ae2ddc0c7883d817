import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachFile, sha256Of, type TestRun, testOrganization, testRun, testServer } from '@kiroku/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { api, restore } from '../src/api/api.ts'
import type { ApiRun } from '../src/api/api-run.ts'
import { randomNumbers } from './random-numbers.ts'
import type { Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let stored: TestRun
let run: ApiRun
const random = randomNumbers(1)
const content = Uint8Array.from({ length: 1_500_000 }, () => random() * 256)
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  stored = await testRun(place, { run: 'files' })
  await attachFile(place, stored, { path: 'deep/er/data.bin', content, firstSeq: 1 })
  await attachFile(place, stored, { path: 'a.txt', content: 'text', firstSeq: 2 })
  run = await api({ url: place.url, apiKey: place.apiKey }).run('demo/files')
})
afterAll(() => server.close())

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-files-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe('3.4 the files of a stored run', () => {
  it('are listed and come as they are', async () => {
    const files = await run.files()
    expect(files).toMatchObject([
      { path: 'a.txt', size: 4, sha256: sha256Of('text') },
      { path: 'deep/er/data.bin', size: content.length, sha256: sha256Of(content) },
    ])
    expect(await files[1]?.download(directory)).toBe(join(directory, 'deep/er/data.bin'))
    expect(sha256Of(readFileSync(join(directory, 'deep/er/data.bin')))).toBe(sha256Of(content))
    expect(readdirSync(join(directory, 'deep/er'))).toEqual(['data.bin'])
  })

  it('are replaced only when that is asked for', async () => {
    writeFileSync(join(directory, 'a.txt'), 'mine')
    await expect(run.file('a.txt').download(directory)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('mine')
    await run.file('a.txt').download(directory, { replace: true })
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('text')
  })

  it('leave nothing behind when there is none', async () => {
    await expect(run.file('none.txt').download(directory)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(directory)).toEqual([])
    expect(() => run.file('../a.txt')).toThrow('file path')
  })

  it('are restored one by one', async () => {
    const options = { run: 'demo/files', root: directory, url: place.url, apiKey: place.apiKey }
    expect(await restore('a.txt', options)).toBe(join(directory, 'a.txt'))
    expect(readFileSync(join(directory, 'a.txt'), 'utf8')).toBe('text')
  })
})
