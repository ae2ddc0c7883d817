import { mediaFilesOf, mediaFilesSchema } from '@kiroku/core/media-files'
import type { RunAddress } from '@kiroku/core/queries'
import { expect } from 'vitest'
import { type Caller, client, fetchFile } from '../../../src/testing/index.ts'

/** What the run of `files.py` logged as files is there, of its kind, with its captions and its charts. */
export async function checkMediaFiles(caller: Caller, address: RunAddress): Promise<void> {
  const shown = await client(caller).texts.metrics.query(address)
  expect(Object.fromEntries(shown.map(({ metric, kind }) => [metric, kind]))).toMatchObject({
    ...{ tone: 'audio', tones: 'audio', film: 'video', page: 'html', pages: 'html' },
    ...{ figure: 'plotly', molecule: 'file', cloud: 'file', curve_table: 'table', mistakes_table: 'table' },
  })
  const charts = new Map(shown.map(({ metric, chart }) => [metric, chart]))
  expect(charts.get('curve_table')).toMatchObject({ preset: 'wandb/line/v0', fields: { x: 'x', y: 'y' } })
  expect(charts.get('mistakes_table')?.preset).toBe('wandb/confusion_matrix/v1')
  for (const metric of ['tone', 'tones', 'film', 'page', 'pages', 'figure', 'molecule', 'cloud']) {
    const [text] = await client(caller).texts.byRun.query({ ...address, metric })
    const { files } = mediaFilesOf(mediaFilesSchema.parse(text?.value))
    expect(files).toHaveLength(['tones', 'pages'].includes(metric) ? 2 : 1)
    for (const { path, size } of files) {
      const answer = await fetchFile(caller, { ...address, path }, { range: 'bytes=0-3' })
      expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes 0-3/${size}`])
      await answer.arrayBuffer()
    }
    if (metric === 'tones') expect(files.map(({ caption }) => caption)).toEqual(['low', 'high'])
    if (metric === 'tone') expect(files[0]?.caption).toBe('a low tone')
  }
}
