import { expect, it } from 'vitest'
import { authorizeAll, projectScopeOf } from '../../../http/scopes.ts'
import { createAlertsService } from './alerts.service.ts'
import type { StreamTarget } from './file-stream.service.ts'

const [organization] = authorizeAll({
  userId: 'u',
  name: 'n',
  email: null,
  via: 'key',
  organizations: [{ id: 'o', slug: 'o', name: 'o' }],
  deletedOrganizations: [],
})
if (!organization) throw new Error('there is no organization')
const target = (run: string): StreamTarget => ({
  organization,
  scope: projectScopeOf(organization, { id: 'p', name: 'demo' }),
  run,
  client: null,
})

it('an alert is a line, and comes again when its wait is over, for each run and title by itself', async () => {
  const said: string[] = []
  let now = 0
  const say = async ({ run }: StreamTarget, text: string) => {
    said.push(`${run} ${text}`)
  }
  const alerts = createAlertsService({ say }, () => now)
  const tell = (run: string, title: string) =>
    alerts.tell(target(run), { title, text: 'it\0 is low', severity: 'WARN', waitMs: 1000 })
  await tell('a', 'low')
  now = 999
  await tell('a', 'low')
  await tell('b', 'low')
  await tell('a', 'high')
  now = 1000
  await tell('a', 'low')
  const line = (title: string) => `[alert WARN] ${title}: it\ufffd is low`
  expect(said).toEqual([`a ${line('low')}`, `b ${line('low')}`, `a ${line('high')}`, `a ${line('low')}`])
})

it('an alert that could not be told does not keep the next one', async () => {
  let isDown = true
  let told = 0
  const say = async () => {
    if (isDown) throw new Error('down')
    told++
  }
  const alerts = createAlertsService({ say })
  const alert = { title: 'low', text: '', severity: 'INFO', waitMs: 60_000 } as const
  await expect(alerts.tell(target('a'), alert)).rejects.toThrow('down')
  isDown = false
  await alerts.tell(target('a'), alert)
  expect(told).toBe(1)
})
