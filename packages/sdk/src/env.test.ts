import { resolve } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { sidecarEnvironment } from './env.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it('the sidecar, which works elsewhere, finds what relative paths of the script name', () => {
  vi.stubEnv('NODE_EXTRA_CA_CERTS', './ca.pem')
  vi.stubEnv('KIROKU_CONFIG_DIR', '/etc/kiroku')
  vi.stubEnv('XDG_CONFIG_HOME', '')
  vi.stubEnv('NODE_OPTIONS', '--inspect')
  const environment = sidecarEnvironment([])
  expect(environment).toMatchObject({
    NODE_EXTRA_CA_CERTS: resolve('ca.pem'),
    KIROKU_CONFIG_DIR: '/etc/kiroku',
    XDG_CONFIG_HOME: '',
    KIROKU_SIDECAR_ORDERS: '[]',
  })
  expect(environment).not.toHaveProperty('NODE_OPTIONS')
})
