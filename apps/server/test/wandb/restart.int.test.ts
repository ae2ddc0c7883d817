import { expect, it } from 'vitest'
import { client, readPoints, spawnServer, until } from '../../src/testing/index.ts'
import { installClient, versions } from './client.ts'

const wandb = await installClient(versions[0])

it('wandb loses nothing to a server that is killed and started again', { timeout: 180_000 }, async ({ skip }) => {
  if ('missing' in wandb) return skip(`no client: ${wandb.missing}`)
  await using server = await spawnServer()
  const { organization } = server
  const running = await wandb.start('slow.py', { ...server, args: ['60', '0.25'] })
  const run = String((await running.told)['id'])
  const at = { organization, project: 'wandb', run }
  const loss = async () => [...(await readPoints(server, { ...at, metric: 'loss' })).values]
  await until(async () => expect((await loss()).length).toBeGreaterThan(5), 60_000)
  await server.killAt('stored')
  await server.gone()
  await server.restart()
  const before = (await loss()).length
  await until(async () => expect((await loss()).length).toBeGreaterThan(before), 60_000)
  await server.kill()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await server.restart()
  const { code, output } = await running.done
  expect(code, output).toBe(0)
  expect(await loss()).toEqual(Array.from({ length: 60 }, (_, step) => step * 0.5))
  expect(await client(server).runs.byId.query(at)).toMatchObject({ state: 'finished', lastStep: 59 })
  const { metrics } = await client(server).metrics.byRun.query(at)
  expect(metrics.find(({ name }) => name === 'loss')).toMatchObject({ count: 60 })
  const { lines } = await client(server).console.byRun.query(at)
  const printed = lines.map(({ text }) => text).filter((text) => text.startsWith('line '))
  expect(printed).toEqual(Array.from({ length: 60 }, (_, step) => `line ${step}`))
})
