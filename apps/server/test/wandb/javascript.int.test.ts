import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { testOrganization, testServer } from '../../src/testing/index.ts'
import { count, points, runOf, textsOf } from './checks/check.ts'
import { readTestEnvironment } from './env.ts'

const script = fileURLToPath(new URL('scripts/javascript.mjs', import.meta.url))
const told = z.object({ id: z.string() })

it('@wandb/sdk logs a run from Node', async () => {
  const server = await testServer()
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-wandb-node-'))
  try {
    const tenant = await testOrganization(server)
    const env = {
      PATH: readTestEnvironment().path,
      HOME: directory,
      WANDB_BASE_URL: tenant.url,
      WANDB_API_KEY: tenant.apiKey,
      WANDB_ENTITY: tenant.organization,
    }
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: directory, env, timeout: 60_000 })
    const { id } = told.parse(JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}'))
    const run = await runOf(tenant, id)
    expect(run).toMatchObject({ displayName: 'from node', state: 'finished', exitCode: 0, lastStep: 4 })
    expect(run.config).toEqual({ lr: 0.1, deep: { a: [1] } })
    expect(run.summary).toMatchObject({ loss: 0.2, 'val/acc': 0.4, word: 'w4' })
    const { steps, values } = await points(tenant, id, 'loss')
    expect([...steps]).toEqual(count(5))
    expect([...values]).toEqual(count(5).map((step) => 1 / (step + 1)))
    expect(await textsOf(tenant, id, 'word')).toEqual(count(5).map((step) => [step, `w${step}`]))
  } finally {
    await rm(directory, { recursive: true, force: true })
    await server.close()
  }
}, 90_000)
