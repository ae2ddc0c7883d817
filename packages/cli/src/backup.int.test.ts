import { existsSync, readdirSync, statSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Bench, lastLine, readPoints } from '../test/harness.ts'

const fixture = fileURLToPath(new URL('../test/fixtures/multi-eval.trainer_state.json', import.meta.url))
const bench = new Bench()
const { base } = bench

it('kiroku backup and restore-backup bring a running server to another directory', async () => {
  const server = await bench.serve(join(base, 'data'))
  const imported = await bench.kiroku(['import', 'trainer-state', fixture, '--project', 'demo'])
  const run = imported.stderr.match(/\/runs\/([0-9a-f]{12})$/m)?.[1] ?? ''
  const address = { project: 'demo', run, metric: 'eval_g0_loss' }
  const metrics = await readPoints(server, address)
  const backup = join(base, 'backup')

  const made = await bench.kiroku(['backup', '--to', 'backup'])
  expect(made).toMatchObject({ code: 0, stdout: '' })
  expect(made.stderr).toContain('kiroku restore-backup')
  expect(readdirSync(backup).sort()).toEqual(['clickhouse', 'contents.jsonl', 'manifest.json', 'postgres'])
  expect(statSync(backup).mode & 0o777).toBe(0o700)
  const again = await bench.kiroku(['backup', '--to', backup])
  expect(again.code).toBe(1)
  expect(lastLine(again.stderr)).toMatch(/^kiroku: .*is not empty; name a directory that does not exist yet$/)
  expect(await bench.kiroku(['backup', '--verify', backup])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/backup is whole: \d+ files, /),
  })
  const both = await bench.kiroku(['backup', '--verify', backup, '--to', 'x'])
  expect(both).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: give one of '--to <dir>' and/) })
  await server.stop('SIGINT')
  const away = await bench.kiroku(['backup', '--to', 'away'])
  expect(away).toMatchObject({ code: 1, stderr: expect.stringMatching(/^kiroku: no server answers at [^\n]*\n$/) })

  const dataDir = join(base, 'restored')
  const restored = await bench.kiroku(['restore-backup', backup, '--data', dataDir])
  expect(restored).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('kiroku up --data') })
  const twice = await bench.kiroku(['restore-backup', backup, '--data', dataDir])
  expect(twice.code).toBe(1)
  expect(lastLine(twice.stderr)).toMatch(/^kiroku: .*restored is not empty/)
  const copy = await bench.serve(dataDir)
  expect(await readPoints(copy, address)).toEqual(metrics)
  expect(metrics.length).toBeGreaterThan(0)
  // The old server's key, which scripts have, is still one.
  expect(await readPoints({ ...copy, apiKey: server.apiKey }, address)).toEqual(metrics)
  await copy.stop('SIGINT')

  await appendFile(join(backup, 'postgres', 'run.copy'), 'x')
  const damaged = await bench.kiroku(['restore-backup', backup, '--data', join(base, 'damaged')])
  expect(damaged.code).toBe(1)
  expect(lastLine(damaged.stderr)).toMatch(/^kiroku: the backup is damaged: .*run.copy has \d+ bytes, not \d+$/)
  expect(existsSync(join(base, 'damaged', 'kiroku.json'))).toBe(false)
}, 240_000)
