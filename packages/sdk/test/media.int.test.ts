import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mediaValueSchema, tableContentSchema } from '@kiroku/core/media'
import { testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api } from '../src/api/api.ts'
import type { ApiRun } from '../src/api/api-run.ts'
import type { HistoryRow } from '../src/api/history-rows.ts'
import { pngBytes } from './pictures.ts'
import { Script } from './script.ts'

let server: Awaited<ReturnType<typeof testServer>>
let run: ApiRun
let rows: HistoryRow[]
const directory = mkdtempSync(join(tmpdir(), 'kiroku-media-'))
const picture = pngBytes(40, 30)
beforeAll(async () => {
  server = await testServer()
  const { url, apiKey } = await testOrganization(server)
  const path = join(directory, 'picture.png')
  writeFileSync(path, picture)
  await using script = new Script('media.mjs', [path], { KIROKU_URL: url, KIROKU_API_KEY: apiKey })
  expect(await script.exit()).toBe(0)
  run = await api({ url, apiKey }).run('demo/media')
  rows = await run.history()
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server.close()
})

/** The bytes of a file of the run. */
async function contentOf(path: string): Promise<Buffer> {
  return readFileSync(await run.file(path).download(directory, { replace: true }))
}

describe('1.5 media that a script logs', () => {
  it('is in the history at its step', () => {
    expect(rows.map(({ _step, loss, scalar }) => [_step, loss, scalar])).toEqual([
      [0, 1, 0],
      [1, 0.5, 1],
      [2, 1 / 3, 2],
    ])
    rows.forEach((row, step) => {
      expect(mediaValueSchema.parse(row['val/sample'])).toMatchObject({
        _type: 'image-file',
        caption: `step ${step}`,
        width: 40,
        height: 30,
        path: expect.stringMatching(new RegExp(`^media/images/val_sample_${step}_[0-9a-f]{20}\\.png$`)),
      })
      expect(mediaValueSchema.parse(row['several'])).toMatchObject({ images: [{ width: 40 }, { caption: 'two' }] })
      expect(mediaValueSchema.parse(row['weights.layer'])).toMatchObject({ _type: 'histogram', values: { length: 32 } })
      expect(mediaValueSchema.parse(row['spread'])).toEqual({
        _type: 'histogram',
        values: [1, 1, 1],
        bins: [1, 2, 3, 4],
        nonFiniteCount: 1,
      })
      expect(mediaValueSchema.parse(row['predictions'])).toMatchObject({
        _type: 'table-file',
        columns: ['text', 'score', 'image'],
        rows: 2,
      })
    })
  })

  it('has its contents among the files of the run', async () => {
    const image = mediaValueSchema.parse(rows[2]?.['val/sample'])
    if (image._type !== 'image-file') throw new Error('that is no image')
    expect([...(await contentOf(image.path))]).toEqual([...picture])
    const table = mediaValueSchema.parse(rows[1]?.['predictions'])
    if (table._type !== 'table-file') throw new Error('that is no table')
    const { data } = tableContentSchema.parse(JSON.parse((await contentOf(table.path)).toString()))
    expect(data[0]).toEqual(['row of 1', { $n: 'NaN' }, null])
    const inTable = mediaValueSchema.parse(data[1]?.[2])
    if (inTable._type !== 'image-file') throw new Error('that is no image')
    expect([...(await contentOf(inTable.path))]).toEqual([...picture])
    const listed = (await run.files()).filter(({ path }) => path.startsWith('media/'))
    expect(listed.map(({ mime }) => mime)).toContain('application/json')
    expect(listed.find(({ path }) => path === image.path)).toMatchObject({ size: picture.length, mime: 'image/png' })
  })
})
