import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packPayloads } from './notifications.ts'

const notice = (project: string, run: string) => ({
  organizationId: 'o',
  projectId: 'p',
  project,
  run,
  state: 'running' as const,
  points: true,
  created: false,
})

describe('payloads', () => {
  it('hold every notice in order, each below what PostgreSQL takes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 128 }), { maxLength: 200 }), (projects) => {
        const notices = projects.map((project, index) => notice(project, `run-${index}`))
        const payloads = packPayloads(notices)
        expect(payloads.flatMap((payload) => JSON.parse(payload))).toEqual(JSON.parse(JSON.stringify(notices)))
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8000)
      }),
    )
  })
})
