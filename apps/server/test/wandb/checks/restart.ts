import { expect } from 'vitest'
import { client, readPoints, spawnServer, until } from '../../../src/testing/index.ts'
import type { WandbClient } from '../client.ts'
import { newest } from '../releases.ts'
import { type Claim, count, project } from './check.ts'

/** Has a server of its own, since that is killed. */
export const restartCheck: Claim & { run(wandb: WandbClient): Promise<void> } = {
  name: 'loses nothing to a server that is killed and started again',
  proves: ['outage'],
  releases: [newest],
  async run(wandb) {
    await using server = await spawnServer()
    const { organization } = server
    const running = await wandb.start('slow.py', { ...server, args: ['60', '0.25'] })
    const run = String((await running.told)['id'])
    const at = { organization, project, run }
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
    expect(await loss()).toEqual(count(60).map((step) => step * 0.5))
    expect(await client(server).runs.byId.query(at)).toMatchObject({ state: 'finished', lastStep: 59 })
    const { metrics } = await client(server).metrics.byRun.query(at)
    expect(metrics.find(({ name }) => name === 'loss')).toMatchObject({ count: 60 })
    const { lines } = await client(server).console.byRun.query(at)
    const printed = lines.map(({ text }) => text).filter((text) => text.startsWith('line '))
    expect(printed).toEqual(count(60).map((step) => `line ${step}`))
  },
}
