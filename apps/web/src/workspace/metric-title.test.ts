import type { MetricInfo } from '@kiroku/core/queries'
import { describe, expect, test } from 'vitest'
import { metricTitle } from './metric-title.ts'
import { familyOf, memberName, systemRule, withFamilies } from './system-metrics.ts'

const system = (name: string): string => {
  const { title, unit } = metricTitle({ name, stream: 'system', unit: null })
  return unit === null ? title : `${title}, ${unit}`
}

const metric = (name: string, stream: MetricInfo['stream'] = 'system'): MetricInfo => ({
  name,
  stream,
  runCount: 1,
  x: { kind: 'step' },
  unit: null,
  goal: null,
  isHidden: false,
  isStepMetric: false,
})

describe('5.3 and 5.4 what the SDK measures of the machine', () => {
  test('has words and a unit', () => {
    expect(system('cpu.11.cpu_percent')).toBe('CPU cores, %')
    expect(system('disk./.usageGB')).toBe('Disk / used, bytes')
    expect(system('disk.nvme0n1.out')).toBe('Disk nvme0n1 written, bytes/s')
    expect(system('network.recv')).toBe('Network received, bytes/s')
    expect(system('proc.cpu.threads')).toBe('Threads of the script')
    expect(system('gpu.0.temp')).toBe('GPU temperature, °C')
    expect(system('gpu.process.3.memoryAllocated')).toBe('GPU of the script: memory used, %')
    expect(system('gpu.7.pipeFp16Active')).toBe('GPU Fp16 pipes active, %')
    expect(system('cpu/l:worker 0')).toBe('CPU of the script, % of all cores')
  })

  test('in percent is drawn from 0 to 100, other things by what they are', () => {
    expect(systemRule('gpu.*.gpu')?.range).toEqual({ from: 0, to: 100 })
    expect(systemRule('memory_percent')?.range).toEqual({ from: 0, to: 100 })
    expect(systemRule('gpu.*.temp')?.range).toBeNull()
    expect(systemRule('proc.memory.rssMB')).toMatchObject({ bytes: 2 ** 20, isCounter: false })
    expect(systemRule('disk.vda.in')).toMatchObject({ bytes: 2 ** 20, isCounter: true })
    expect(systemRule('something')).toBeUndefined()
  })
})

describe('5.6 several devices', () => {
  test('share one chart, and so do several labelled writers', () => {
    const names = ['gpu.10.gpu', 'gpu.2.gpu', 'gpu.2.temp', 'cpu', 'cpu/l:a', 'cpu/l:b', 'disk./.usageGB']
    const families = withFamilies([...names.map((name) => metric(name)), metric('gpu.0.gpu', 'history')])
    expect(families.map(({ name, members }) => [name, members])).toEqual([
      ['cpu', ['cpu', 'cpu/l:a', 'cpu/l:b']],
      ['disk./.usageGB', undefined],
      ['gpu.0.gpu', undefined],
      ['gpu.*.gpu', ['gpu.2.gpu', 'gpu.10.gpu']],
      ['gpu.*.temp', ['gpu.2.temp']],
    ])
  })

  test('are called by their number and their writer', () => {
    expect(memberName('gpu.3.temp')).toBe('GPU 3')
    expect(memberName('cpu.11.cpu_percent/l:worker 0')).toBe('core 11, worker 0')
    expect(memberName('cpu')).toBe('')
    expect(familyOf('gpu.process.3.gpu/l:x')).toBe('gpu.process.*.gpu')
  })
})

test('other metrics keep their names', () => {
  expect(metricTitle({ name: 'cpu', stream: 'history', unit: 's' })).toEqual({ title: 'cpu', unit: 's' })
  expect(system('rocm.0.odd')).toBe('rocm.0.odd')
})
