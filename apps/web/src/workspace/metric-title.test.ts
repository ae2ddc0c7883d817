import { expect, test } from 'vitest'
import { metricTitle } from './metric-title.ts'

const system = (name: string): string => {
  const { title, unit } = metricTitle({ name, stream: 'system', unit: null })
  return unit === null ? title : `${title}, ${unit}`
}

test('what the SDK measures of the machine has words and a unit', () => {
  expect(system('cpu.11.cpu_percent')).toBe('CPU core 11, %')
  expect(system('disk./.usageGB')).toBe('Disk / used, GiB')
  expect(system('disk.nvme0n1.out')).toBe('Disk nvme0n1 written, MiB')
  expect(system('network.recv')).toBe('Network received, bytes')
  expect(system('proc.cpu.threads')).toBe('Threads of the script')
})

test('other metrics keep their names', () => {
  expect(system('gpu.0.temp')).toBe('gpu.0.temp')
  expect(metricTitle({ name: 'cpu', stream: 'history', unit: 's' })).toEqual({ title: 'cpu', unit: 's' })
})
