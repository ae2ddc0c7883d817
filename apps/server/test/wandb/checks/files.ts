import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { client, fetchFile } from '../../../src/testing/index.ts'
import { newest } from '../releases.ts'
import { at, type Check, count, runOf, succeeded, textsOf } from './check.ts'
import { checkMediaFiles } from './media-checks.ts'

/** Files and media. */
export const fileChecks: readonly Check[] = [
  {
    name: 'saves files and media',
    proves: ['save', 'save_code', 'image', 'histogram', 'table', 'html', 'audio', 'video', 'plotly', 'object', 'plot'],
    provesOfNewest: ['table.incremental'],
    async run(wandb, tenant) {
      const { id, result } = await succeeded(wandb.run('files.py', tenant))
      const files = await client(tenant).files.list.query(at(tenant, id))
      const paths = files.map(({ path }) => path)
      for (const path of ['requirements.txt', 'wandb-metadata.json', 'config.yaml', 'wandb-summary.json', 'empty.bin'])
        expect(paths).toContain(path)
      expect(await (await fetchFile(tenant, { ...at(tenant, id), path: 'deep/notes with space.txt' })).text()).toBe(
        'saved by hand',
      )
      const code = paths.find((path) => path.startsWith('code/'))
      const source = await readFile(new URL('../scripts/files.py', import.meta.url), 'utf8')
      expect(await (await fetchFile(tenant, { ...at(tenant, id), path: code ?? '' })).text()).toBe(source)
      const run = await runOf(tenant, id)
      expect(run.host).toMatchObject({ cpuCount: expect.any(Number), os: expect.stringContaining('Linux') })
      const [[, picture] = []] = await textsOf(tenant, id, 'picture')
      expect(picture).toMatchObject({ _type: 'image-file', format: 'png', width: 6, height: 4, caption: 'a picture' })
      const [[, pictures] = []] = await textsOf(tenant, id, 'pictures')
      expect(pictures).toMatchObject({ _type: 'images', images: count(3).map((n) => ({ caption: `n${n}`, width: 6 })) })
      const [[, spread] = []] = await textsOf(tenant, id, 'spread')
      expect(spread).toMatchObject({ _type: 'histogram' })
      const [[, rows] = []] = await textsOf(tenant, id, 'rows')
      expect(rows).toMatchObject({ _type: 'table-file', columns: ['word', 'count'], rows: 2 })
      for (const media of [picture, rows]) {
        const path = typeof media === 'object' && media !== null && 'path' in media ? String(media.path) : ''
        const answer = await fetchFile(tenant, { ...at(tenant, id), path })
        expect(answer.status).toBe(200)
        if (media === rows)
          expect(await answer.json()).toEqual({
            columns: ['word', 'count'],
            data: [
              ['one', 1],
              ['none', { $n: 'NaN' }],
            ],
          })
      }
      expect(await textsOf(tenant, id, 'page')).toMatchObject([[4, { _type: 'html-file' }]])
      expect(run.summary).toMatchObject({ loss: 2, rows: { _type: 'table-file', rows: 2 } })
      expect(run.summary['pictures']).toMatchObject({ _type: 'images' })
      expect(result['pictures'], 'as the client has them').toEqual(['images/separated', 3])
      if (wandb.version === newest || result['grows']) {
        const growing = (await textsOf(tenant, id, 'growing')).map(([, value]) => value)
        expect(growing, 'the rows that were added').toMatchObject([
          { _type: 'table-file', columns: ['n'], rows: 2, increment_num: 0 },
          { _type: 'table-file', columns: ['n'], rows: 1, increment_num: 1 },
          { _type: 'table-file', columns: ['n'], rows: 1, increment_num: 2 },
        ])
      }
      await checkMediaFiles(tenant, at(tenant, id))
    },
  },
]
