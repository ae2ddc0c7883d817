import { expect } from 'vitest'
import { type Check, succeeded } from './check.ts'

/** The `wandb` command. */
export const commandLineChecks: readonly Check[] = [
  {
    name: 'signs in by its command, with a key that is valid',
    proves: ['cli.login', 'cli.status'],
    async run(wandb, tenant) {
      const login = (key: string) =>
        wandb.command(['login', '--verify', '--relogin', '--host', tenant.url, key], {
          ...tenant,
          env: { WANDB_API_KEY: '', WANDB_BASE_URL: '' },
        })
      await succeeded(login(tenant.apiKey))
      expect((await login(`kiroku-${'x'.repeat(40)}`)).code).not.toBe(0)
      const { output } = await succeeded(wandb.command(['status'], tenant))
      expect(output).toContain(tenant.url)
    },
  },
]
