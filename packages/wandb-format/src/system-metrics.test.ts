import { expect, it } from 'vitest'
import { parseExtendedRecord } from './extended-json.ts'
import { readSystemRow, systemMetricName } from './system-metrics.ts'

it('reads a row of events', () => {
  const text =
    '{"_wandb":true,"_timestamp":1.795440453386022e+09,"_runtime":15.2,"system.cpu":12.5,"system.memory_percent":NaN,"system.disk./.usageGB":3,"system.note":"x"}'
  expect(readSystemRow(parseExtendedRecord(text))).toEqual({
    time: 1_795_440_453_386,
    numbers: new Map([
      ['cpu', 12.5],
      ['memory_percent', Number.NaN],
      ['disk./.usageGB', 3],
    ]),
  })
})

it.each([
  ['system.cpu.3.cpu_percent', 'cpu.3.cpu_percent'],
  ['system.proc.memory.rssMB', 'proc.memory.rssMB'],
  ['cpu', 'cpu'],
  ['system.memory', 'memory_percent'],
  ['system.disk.\\.usagePercent', 'disk./.usagePercent'],
  ['system.disk.\\data\\a.usageGB', 'disk./data/a.usageGB'],
  ['system.disk', 'disk./.usagePercent'],
  ['system.gpu.0.memoryReadWriteActivity', 'gpu.0.memory'],
  ['system.gpu.process.1.powerWatts', 'gpu.process.1.powerWatts'],
  ['system.cpu/l:node-0', 'cpu/l:node-0'],
  ['system.memory/l:a/b', 'memory_percent/l:a/b'],
  ['system.openmetrics.node.up.0', 'openmetrics.node.up.0'],
  ['system.', undefined],
  ['system._gpu.0.name', undefined],
  [`system.${'x'.repeat(600)}`, undefined],
])('calls %s %s', (key, name) => expect(systemMetricName(key)).toBe(name))
