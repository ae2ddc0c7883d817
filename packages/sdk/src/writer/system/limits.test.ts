import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCapacity } from './capacity.ts'
import { readCgroupLimits } from './cgroup.ts'
import { devicesOf, readDiskTraffic } from './disk.ts'
import { readNetwork } from './network.ts'
import { isDescendant } from './process-tree.ts'
import { countProcessors, emptySample, type SystemRoots, systemRoots } from './sample.ts'

let root: string
let roots: SystemRoots

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiroku-roots-'))
  roots = { proc: join(root, 'proc'), sys: join(root, 'sys') }
})

afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

describe('5.5 the limits of a control group', () => {
  it('of version 2 are those of the process’ own group, or of one above it that is tighter', () => {
    write('proc/self/cgroup', '0::/jobs/train\n')
    write('sys/fs/cgroup/jobs/train/memory.max', '1000\n')
    write('sys/fs/cgroup/jobs/train/memory.current', '700\n')
    write('sys/fs/cgroup/jobs/train/memory.stat', 'anon 400\ninactive_file 300\n')
    write('sys/fs/cgroup/jobs/train/cpu.max', 'max 100000\n')
    write('sys/fs/cgroup/jobs/train/cpuset.cpus.effective', '0-3,8\n')
    write('sys/fs/cgroup/jobs/cpu.max', '150000 100000\n')
    write('sys/fs/cgroup/jobs/memory.max', 'max\n')
    expect(readCgroupLimits(roots)).toEqual({ memory: { limit: 1000, used: 400 }, processors: 1.5 })
  })

  it('of version 2 in a container are at the root of what is mounted there', () => {
    write('proc/self/cgroup', '0::/docker/0123abcd\n')
    write('sys/fs/cgroup/memory.max', '2048\n')
    write('sys/fs/cgroup/memory.current', '1024\n')
    write('sys/fs/cgroup/cpu.max', '50000 100000\n')
    expect(readCgroupLimits(roots)).toEqual({ memory: { limit: 2048, used: 1024 }, processors: 0.5 })
  })

  it('of version 1 are found by controller, and a huge number is none', () => {
    write('proc/self/cgroup', '5:cpu,cpuacct:/a\n4:memory:/a\n3:cpuset:/a\n0::/\n')
    write('sys/fs/cgroup/memory/a/memory.limit_in_bytes', '4096\n')
    write('sys/fs/cgroup/memory/a/memory.usage_in_bytes', '3000\n')
    write('sys/fs/cgroup/memory/a/memory.stat', 'inactive_file 1\ntotal_inactive_file 1000\n')
    write('sys/fs/cgroup/memory/memory.limit_in_bytes', '9223372036854771712\n')
    write('sys/fs/cgroup/memory/memory.usage_in_bytes', '5000\n')
    write('sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us', '200000\n')
    write('sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us', '100000\n')
    write('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us', '-1\n')
    write('sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us', '100000\n')
    write('sys/fs/cgroup/cpuset/a/cpuset.cpus', '0-63\n')
    expect(readCgroupLimits(roots)).toEqual({ memory: { limit: 4096, used: 2000 }, processors: 2 })
  })

  it('are none where there are no groups', () => {
    expect(readCgroupLimits(roots)).toEqual({ memory: null, processors: null })
    write('proc/self/cgroup', 'garbage\n::::\n')
    expect(readCgroupLimits(roots)).toEqual({ memory: null, processors: null })
  })

  it('are the denominators where they are tighter than the machine, unless that is not wanted', () => {
    write('proc/self/cgroup', '0::/\n')
    write('sys/fs/cgroup/memory.max', `${2 ** 30}\n`)
    write('sys/fs/cgroup/memory.current', `${2 ** 29}\n`)
    write('sys/fs/cgroup/cpu.max', '50000 100000\n')
    const limited = readCapacity(roots, true)
    expect(limited.processors).toBe(0.5)
    expect(limited.memory).toMatchObject({ total: 2 ** 30, used: 2 ** 29 })
    expect(limited.memory.available).toBeLessThanOrEqual(2 ** 29)
    const free = readCapacity(roots, false)
    expect([free.processors, free.memory.total]).toEqual([cpus().length, totalmem()])
    write('sys/fs/cgroup/memory.max', `${2 ** 59}\n`)
    expect(readCapacity(roots, true).memory.total).toBe(totalmem())
  })

  it('count the processors that the process is bound to', () => {
    write('proc/self/status', 'Name:\tnode\nCpus_allowed_list:\t1\n')
    expect(readCapacity(roots, true).processors).toBe(1)
    expect(['0', '0-3', '0-1,4,6-7\n', '', 'x'].map(countProcessors)).toEqual([1, 4, 5, 0, 0])
  })
})

describe('5.3 what goes through the machine', () => {
  it('is what the devices behind the paths read and wrote, whole disks for partitions', () => {
    write(
      'proc/self/mountinfo',
      [
        '22 1 8:2 / / rw - ext4 /dev/sda2 rw',
        '23 22 0:40 / /data rw shared:1 - btrfs /dev/nvme0n1 rw',
        '24 22 0:41 / /tmp rw - tmpfs tmpfs rw',
        '25 22 253:3 / /with\\040space rw - xfs /dev/mapper/x rw',
      ].join('\n'),
    )
    mkdirSync(join(root, 'sys/devices/sda/sda2'), { recursive: true })
    write('sys/devices/sda/sda2/partition', '2\n')
    mkdirSync(join(root, 'sys/devices/nvme0n1'))
    mkdirSync(join(root, 'sys/devices/dm-3'))
    mkdirSync(join(root, 'sys/dev/block'), { recursive: true })
    mkdirSync(join(root, 'sys/class/block'), { recursive: true })
    symlinkSync(join(root, 'sys/devices/sda/sda2'), join(root, 'sys/dev/block/8:2'))
    symlinkSync(join(root, 'sys/devices/dm-3'), join(root, 'sys/dev/block/253:3'))
    symlinkSync(join(root, 'sys/devices/nvme0n1'), join(root, 'sys/class/block/nvme0n1'))
    expect(devicesOf(['/'], roots)).toEqual(new Set(['sda']))
    expect(devicesOf(['/home', '/data/set', '/tmp', '/with space/a'], roots)).toEqual(
      new Set(['sda', 'nvme0n1', 'dm-3']),
    )
    expect(devicesOf(['/database'], roots)).toEqual(new Set(['sda']))
    write('proc/diskstats', '   8  0 sda 10 0 4096 5 6 0 8192 9 0 0 0\n   8  2 sda2 1 0 2 3 4 0 6 7 0 0 0\n')
    const sample = emptySample()
    readDiskTraffic(sample, new Set(['sda']), roots)
    expect(Object.fromEntries(sample.counters)).toEqual({ 'disk.sda.in': 2, 'disk.sda.out': 4 })
  })

  it('is counted over all network interfaces but the machine’s own', () => {
    const head = 'Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n'
    const line = (name: string, received: number, sent: number): string =>
      `${name}: ${received} 1 0 0 0 0 0 0 ${sent} 1 0 0 0 0 0 0\n`
    write('proc/net/dev', head + line('    lo', 100, 100) + line('  eth0', 7, 5) + line('eth0:1', 1, 2))
    const sample = emptySample()
    readNetwork(sample, roots)
    expect(Object.fromEntries(sample.counters)).toEqual({ 'network.recv': 8, 'network.sent': 7 })
  })

  it('of this machine has a device behind its root, where that is a disk', () => {
    const devices = devicesOf(['/'], systemRoots)
    const sample = emptySample()
    readDiskTraffic(sample, devices, systemRoots)
    expect(sample.counters.size).toBe(2 * devices.size)
  })
})

describe('a process', () => {
  it('descends from itself and those that started it', () => {
    write('proc/30/stat', '30 (a (b) c) S 20 0 0\n')
    write('proc/20/stat', '20 (sh) S 1 0 0\n')
    write('proc/1/stat', '1 (init) S 0 0 0\n')
    expect([30, 20, 1].map((pid) => isDescendant(roots, 30, pid))).toEqual([true, true, true])
    expect([isDescendant(roots, 20, 30), isDescendant(roots, 99, 20)]).toEqual([false, false])
  })
})
