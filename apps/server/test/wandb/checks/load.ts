import { expect } from 'vitest'
import { newest } from '../releases.ts'
import { type Check, count, points, runOf, succeeded } from './check.ts'

const clients = 3
const rows = 500
const rowsPerSecond = 100

/** Several clients that log at once; `npm run bench -- --wandb` has more of them, for longer. */
export const loadChecks: readonly Check[] = [
  {
    name: 'stores every row of clients that log 100 a second at once',
    proves: ['many'],
    releases: [newest],
    async run(wandb, tenant) {
      const logging = count(clients).map((number) =>
        succeeded(wandb.run('paced.py', { ...tenant, args: [number, rows, rowsPerSecond].map(String) })),
      )
      for (const [number, { id }] of (await Promise.all(logging)).entries()) {
        expect(await runOf(tenant, id)).toMatchObject({ state: 'finished', lastStep: rows - 1 })
        for (const metric of count(10)) {
          const { steps, values } = await points(tenant, id, `m${metric}`)
          expect([...steps]).toEqual(count(rows))
          expect([...values]).toEqual(count(rows).map((step) => number * 1e6 + step + metric / 16))
        }
      }
    },
  },
]
