import { describe, expect, it } from 'vitest'
import { readEnvironment } from './env.ts'

describe('the environment', () => {
  it('has defaults, and takes empty variables as unset', () => {
    expect(readEnvironment({ DATABASE_URL: '' })).toEqual({
      KIROKU_LOG_LEVEL: 'info',
      KIROKU_LOCAL_SIGN_IN: 'auto',
      KIROKU_CRASH_AFTER_MS: 300_000,
    })
  })

  it.each([
    ['KIROKU_LOCAL_SIGN_IN', 'yes'],
    ['KIROKU_CRASH_AFTER_MS', '-1'],
    ['KIROKU_LOG_LEVEL', 'loud'],
    ['KIROKU_PATH_PREFIX', 'kiroku'],
    ['KIROKU_PATH_PREFIX', '/kiroku/'],
    ['KIROKU_DASHBOARD_URL', 'kiroku.example.org'],
    ['CLICKHOUSE_CLUSTER', 'alone'],
  ])('names the variable that is wrong: %s', (name, value) => {
    expect(() => readEnvironment({ [name]: value })).toThrow(name)
  })

  it('takes the path of a proxy, and the address of the dashboard without a slash at its end', () => {
    const given = { KIROKU_PATH_PREFIX: '/tools/kiroku', KIROKU_DASHBOARD_URL: 'https://kiroku.example.org/' }
    expect(readEnvironment(given)).toMatchObject({ ...given, KIROKU_DASHBOARD_URL: 'https://kiroku.example.org' })
  })

  it('names a cluster beside the address of one of its servers', () => {
    const CLICKHOUSE_URL = 'http://ch.example:8123'
    expect(readEnvironment({ CLICKHOUSE_URL, CLICKHOUSE_CLUSTER: 'prod-1' })).toMatchObject({
      CLICKHOUSE_CLUSTER: 'prod-1',
    })
    expect(() => readEnvironment({ CLICKHOUSE_URL, CLICKHOUSE_CLUSTER: "it's" })).toThrow('CLICKHOUSE_CLUSTER')
    expect(() => readEnvironment({ CLICKHOUSE_CLUSTER: 'prod' })).toThrow('it needs CLICKHOUSE_URL')
  })
})
