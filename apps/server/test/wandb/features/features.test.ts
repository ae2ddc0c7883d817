import { describe, expect, it } from 'vitest'
import type { Claim } from '../checks/check.ts'
import { checks } from '../checks/index.ts'
import { restartCheck } from '../checks/restart.ts'
import { catalog, type Feature } from './catalog.ts'
import { featureDocument, provenBy, releasesFor } from './table.ts'

const claims: readonly Claim[] = [...checks, restartCheck]
const features = Object.values<Record<string, Feature>>(catalog).flatMap((subject) => Object.entries(subject))

describe('docs/wandb-features.md', () => {
  it('is what the suite says', async () => {
    await expect(featureDocument(catalog, claims)).toMatchFileSnapshot('../../../../../docs/wandb-features.md')
  })

  it.each(features)('has a check of %s, or a reason why there is none', (id, feature) => {
    const proofs = provenBy(id, claims)
    if ('untested' in feature) expect(proofs).toEqual([])
    else if (!('not' in feature)) expect(proofs.flatMap(releasesFor), `nothing proves ${id}`).not.toEqual([])
  })

  it('names every feature once', () => {
    const ids = features.map(([id]) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    const calls = features.map(([, { call }]) => call)
    expect(new Set(calls).size).toBe(calls.length)
  })

  it.each(claims)('names the check "$name" by a name of its own, and what it proves', ({ name, proves }) => {
    expect(claims.filter((claim) => claim.name === name)).toHaveLength(1)
    expect(new Set(proves).size).toBeGreaterThan(0)
  })
})

describe('featureDocument', () => {
  const example = {
    Some: {
      done: { call: '`done()`', shown: 'all of it' },
      half: { call: '`half()`', partly: 'the first half' },
      none: { call: '`none()`', not: 'refused' },
      never: { call: '`never()`', untested: 'too large' },
    },
  } satisfies Record<string, Record<string, Feature>>
  const claim = (name: string, more: Partial<Claim>, ...proves: string[]): Claim<string> => ({
    ...more,
    name,
    proves,
  })
  const rows = (...proofs: Claim<string>[]) =>
    featureDocument(example, proofs)
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )

  it('tells state, releases and checks of each feature', () => {
    expect(
      rows(
        claim('all', {}, 'done'),
        claim('first', { releases: ['0.31.0'] }, 'done', 'half'),
        claim('old', { unable: { '0.18.7': 'it is old' } }, 'none'),
      ),
    ).toEqual([
      ['`done()`', 'works', 'all of it', '0.18 to 0.31', 'all; first'],
      ['`half()`', 'partly', 'the first half', '0.31', 'first'],
      ['`none()`', 'no', 'refused', '0.22 to 0.31', 'old'],
      ['`never()`', 'not tested', 'too large', '', ''],
    ])
  })

  it('tells what a release cannot do', () => {
    const told = featureDocument(example, [claim('old', { unable: { '0.18.7': 'it is old' } }, 'done')])
    expect(told).toContain('- 0.18.7, "old": it is old.')
  })
})
