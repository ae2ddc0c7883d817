import { gitFactsSchema, hostFactsSchema } from '@kiroku/core/runs'
import { expect, it } from 'vitest'
import { readEnvironment } from './environment.ts'
import { parseExtendedRecord } from './extended-json.ts'

it('reads the metadata of a current client', () => {
  const { git, host, startedAt } = readEnvironment(
    parseExtendedRecord(
      '{"os":"Linux-6.1","python":"CPython 3.11.7","startedAt":"2026-11-23T13:27:32.993901Z","program":"/abs/train.py",' +
        '"args":["--lr","0.1"],"git":{"remote":"https://me:secret@example.org/a/b","commit":"abc"},"root":"/cwd","host":"vm",' +
        '"cpu_count":2,"cpu_count_logical":4,"cpu":{"model":"EPYC"},"memory":{"total":"25276514304"}}',
    ),
    '0.30.0',
  )
  expect(git).toEqual({ commit: 'abc', remote: 'https://example.org/a/b' })
  expect(host).toEqual({
    hostname: 'vm',
    os: 'Linux-6.1',
    runtime: 'CPython 3.11.7',
    cpuModel: 'EPYC',
    cpuCount: 4,
    memoryBytes: 25_276_514_304,
    program: '/abs/train.py',
    arguments: ['--lr', '0.1'],
    directory: '/cwd',
    sdk: 'wandb 0.30.0',
  })
  expect(startedAt).toBe(Date.UTC(2026, 10, 23, 13, 27, 32, 993))
})

it('reads the metadata of an older client', () => {
  const text =
    '{"python":"3.9.1","startedAt":"2023-01-01T00:00:00.000000","memory":{"total":15.5},"git":{"repo":"git@x:y"}}'
  expect(readEnvironment(parseExtendedRecord(text), null)).toEqual({
    git: { remote: 'git@x:y' },
    host: { runtime: 'Python 3.9.1', memoryBytes: 15.5 * 2 ** 30 },
    startedAt: Date.UTC(2023, 0, 1),
  })
})

it('leaves out what is not as it should be, and gives what can be stored', () => {
  const { git, host, startedAt } = readEnvironment(
    {
      os: 'x'.repeat(1000),
      args: Array.from({ length: 1000 }, () => 'y'.repeat(5000)),
      host: 5,
      cpu_count: -1,
      memory: 'much',
      git: { remote: 'r'.repeat(5000), commit: 'c'.repeat(100) },
      startedAt: 'today',
    },
    '9'.repeat(100),
  )
  expect(hostFactsSchema.safeParse(host).success && gitFactsSchema.safeParse(git).success).toBe(true)
  expect([host.hostname, host.cpuCount, host.memoryBytes, startedAt]).toEqual([undefined, undefined, undefined, null])
})
