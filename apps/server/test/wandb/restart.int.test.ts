import { it } from 'vitest'
import { restartCheck } from './checks/restart.ts'
import { installClient } from './client.ts'
import { newest } from './releases.ts'

const wandb = await installClient(newest)

it(`wandb ${restartCheck.name}`, { timeout: 180_000 }, async ({ skip }) => {
  if ('missing' in wandb) return skip(`no client: ${wandb.missing}`)
  await restartCheck.run(wandb)
})
