import { expect } from 'vitest'
import { client } from '../../../src/testing/index.ts'
import { newest } from '../releases.ts'
import { type Check, project, succeeded } from './check.ts'

/** What Kiroku does not have. */
export const refusalChecks: readonly Check[] = [
  {
    name: 'refuses what it does not have, and hears nothing of what is disabled',
    proves: [
      'artifact.ttl',
      'artifact.registry',
      'artifact.collection',
      'api.state',
      'api.exports',
      'api.users',
      'reports',
      'disabled',
    ],
    releases: [newest],
    async run(wandb, tenant) {
      const { result, output } = await succeeded(wandb.run('refused.py', tenant))
      expect(result, output).toEqual({
        team: expect.stringContaining('Kiroku does not tell clients who belongs to an organization'),
        user: expect.stringContaining('Kiroku does not support users'),
        collection: expect.stringContaining('Kiroku does not support deleteArtifactSequence'),
        tags: expect.stringContaining('Kiroku does not support updateArtifactSequence'),
        ttl: expect.stringContaining('Kiroku deletes no artifact for its age'),
        registry: expect.stringContaining('Unable to find organization'),
        state: expect.stringContaining('Kiroku does not support updateRunState'),
        exports: expect.stringContaining('IncompleteRunHistoryError'),
        reports: 0,
        left: ['kept', 'linker'],
      })
      const { organization } = tenant
      const { runs } = await client(tenant).runs.list.query({ organization, project })
      expect(runs.map(({ slug }) => slug).sort()).toEqual(['kept', 'linker'])
    },
  },
]
