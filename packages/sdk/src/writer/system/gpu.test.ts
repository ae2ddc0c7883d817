import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AmdGpus, readCards } from './amd.ts'
import { NvidiaGpus, readGpus } from './nvidia.ts'
import { type SystemSample, systemRoots } from './sample.ts'
import { SystemSampler } from './sampler.ts'
import { Tool } from './tool.ts'

let directory: string

/** Programs start late on a busy machine. */
const patience = { timeout: 10_000 }

/** Puts a program on the search path that is all there is on it, beside the system's own. */
function install(name: string, script: string): void {
  const path = join(directory, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kiroku-tools-'))
  vi.stubEnv('PATH', `${directory}:/usr/bin:/bin`)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true })
})

const options = { roots: systemRoots, deviceIds: null, pid: process.pid }

async function ask(gpus: NvidiaGpus | AmdGpus): Promise<Record<string, number> | undefined> {
  let answer: SystemSample | undefined
  await gpus.ask((sample) => {
    answer = sample
  })
  return answer && Object.fromEntries(answer.means)
}

// Two GPUs as driver 535 tells of them: an A100, and a GeForce that has no ECC memory.
const a100 = '0, GPU-aaaa, 91, 40, 30720, 40960, 61, 250.10, 400.00, 1410, 1215, 0, 2, [N/A], 0, 4, 16, 4, 16'
const geforce = '1, GPU-bbbb, 7, 3, 1024, 8192, 44, [N/A], [Not Supported], 300, 405, [N/A], [N/A], 30, 5, 1, 8, 3, 16'

const answering = (gpus: string, apps = ''): string => `case "$1" in
--query-gpu=*) [ "$2" = "--format=csv,noheader,nounits" ] || exit 2; printf '%s\\n' ${gpus} ;;
--query-compute-apps=*) printf '${apps}' ;;
*) exit 1 ;;
esac`

describe('5.4 NVIDIA GPUs', () => {
  it('are told one by one, without what one cannot tell', async () => {
    install('nvidia-smi', answering(`'${a100}' '${geforce}'`))
    expect(await ask(new NvidiaGpus(options))).toEqual({
      'gpu.0.gpu': 91,
      'gpu.0.memory': 40,
      'gpu.0.memoryAllocated': 75,
      'gpu.0.memoryAllocatedBytes': 30720 * 1024 * 1024,
      'gpu.0.temp': 61,
      'gpu.0.powerWatts': 250.1,
      'gpu.0.enforcedPowerLimitWatts': 400,
      'gpu.0.powerPercent': 62.525,
      'gpu.0.smClock': 1410,
      'gpu.0.memoryClock': 1215,
      'gpu.0.correctedMemoryErrors': 0,
      'gpu.0.uncorrectedMemoryErrors': 2,
      'gpu.0.encoderUtilization': 0,
      'gpu.0.pcieLinkGen': 4,
      'gpu.0.pcieLinkWidth': 16,
      'gpu.0.maxPcieLinkGen': 4,
      'gpu.0.maxPcieLinkWidth': 16,
      'gpu.1.gpu': 7,
      'gpu.1.memory': 3,
      'gpu.1.memoryAllocated': 12.5,
      'gpu.1.memoryAllocatedBytes': 1024 * 1024 * 1024,
      'gpu.1.temp': 44,
      'gpu.1.smClock': 300,
      'gpu.1.memoryClock': 405,
      'gpu.1.fanSpeed': 30,
      'gpu.1.encoderUtilization': 5,
      'gpu.1.pcieLinkGen': 1,
      'gpu.1.pcieLinkWidth': 8,
      'gpu.1.maxPcieLinkGen': 3,
      'gpu.1.maxPcieLinkWidth': 16,
    })
  })

  it('are only those that were chosen', async () => {
    install('nvidia-smi', answering(`'${a100}' '${geforce}'`))
    const told = await ask(new NvidiaGpus({ ...options, deviceIds: [1] }))
    expect(new Set(Object.keys(told ?? {}).map((name) => name.split('.')[1]))).toEqual(new Set(['1']))
  })

  it('that the script or one that it started uses are told as its own too', async () => {
    const apps = `${process.pid}, GPU-bbbb\\n1, GPU-aaaa\\n[N/A], GPU-aaaa\\n`
    install('nvidia-smi', answering(`'${a100}' '${geforce}'`, apps))
    const told = (await ask(new NvidiaGpus(options))) ?? {}
    const own = Object.entries(told).filter(([name]) => name.startsWith('gpu.process.'))
    expect(Object.fromEntries(own)).toEqual({
      'gpu.process.1.gpu': 7,
      'gpu.process.1.memory': 3,
      'gpu.process.1.memoryAllocated': 12.5,
      'gpu.process.1.memoryAllocatedBytes': 1024 * 1024 * 1024,
      'gpu.process.1.temp': 44,
    })
    const parent = await ask(new NvidiaGpus({ ...options, pid: process.ppid }))
    expect(parent?.['gpu.process.1.gpu']).toBe(7)
  })

  it('of a driver that does not know a field are asked again without it', async () => {
    install(
      'nvidia-smi',
      `case "$1" in
*utilization.encoder*) echo 'Field "utilization.encoder" is not a valid field to query.'; exit 2 ;;
--query-gpu=*) echo '${a100.replace(', 0, 4, 16, 4, 16', ', 4, 16, 4, 16')}' ;;
esac`,
    )
    const told = await ask(new NvidiaGpus(options))
    expect([told?.['gpu.0.gpu'], told?.['gpu.0.encoderUtilization'], told?.['gpu.0.pcieLinkGen']]).toEqual([
      91,
      undefined,
      4,
    ])
  })

  it('are none where the tool is missing, fails or says something else, and it is left alone for a while', async () => {
    expect(await ask(new NvidiaGpus(options))).toBeUndefined()
    const calls = join(directory, 'calls')
    install('nvidia-smi', `echo >> ${calls}; echo "NVIDIA-SMI has failed because it couldn't communicate"; exit 9`)
    const broken = new NvidiaGpus(options)
    expect([await ask(broken), await ask(broken)]).toEqual([undefined, undefined])
    expect(readFileSync(calls, 'utf8')).toBe('\n')
    install('nvidia-smi', 'echo "one, two"; head -c 1000 /dev/urandom')
    expect(await ask(new NvidiaGpus(options))).toBeUndefined()
    expect(readGpus(`Unable to determine the device handle\n${a100}`, ['index'])).toEqual([])
  })

  it('are asked one question at a time', async () => {
    const calls = join(directory, 'calls')
    install('nvidia-smi', `echo "$1" | cut -c1-11 >> ${calls}\n${answering(`'${a100}'`)}`)
    const gpus = new NvidiaGpus(options)
    await Promise.all([ask(gpus), ask(gpus), ask(gpus)])
    expect(readFileSync(calls, 'utf8')).toBe('--query-gpu\n--query-com\n')
  })

  it('are what the sampler asks, and another make only where there is none of these', async () => {
    const asked = join(directory, 'asked')
    install('nvidia-smi', answering(`'${a100}'`))
    install('rocm-smi', `echo >> ${asked}; echo '{"card0": {"GPU use (%)": "12"}}'`)
    const seen = new Map<string, number>()
    const sampler = new SystemSampler(
      { diskPaths: [], gpuDeviceIds: null, processTree: false, usesCgroup: true },
      ({ means }) => means.forEach((value, name) => void seen.set(name, value)),
    )
    sampler.ask()
    await vi.waitFor(() => expect([seen.get('gpu.0.temp'), existsSync(asked)]).toEqual([61, true]), patience)
    rmSync(asked)
    seen.clear()
    sampler.ask()
    await vi.waitFor(() => expect(seen.get('gpu.0.gpu')).toBe(91), patience)
    expect(existsSync(asked)).toBe(false)
  })
})

describe('AMD GPUs', () => {
  const mi300 = {
    'Temperature (Sensor junction) (C)': '52.0',
    'Temperature (Sensor memory) (C)': '40.0',
    'mclk clock speed:': '(1300Mhz)',
    'sclk clock speed:': '(132Mhz)',
    'Current Socket Graphics Package Power (W)': '150.0',
    'Max Graphics Package Power (W)': '750.0',
    'GPU use (%)': '88',
    'GPU Memory Allocated (VRAM%)': '25',
    'GPU Memory Read/Write Activity (%)': '9',
    'VRAM Total Memory (B)': '1000',
    'VRAM Total Used Memory (B)': '255',
  }
  const older = {
    'Temperature (Sensor edge) (C)': '35.0',
    'Average Graphics Package Power (W)': '40.0',
    'GPU use (%)': '0',
    'GPU memory use (%)': '3',
    'Fan speed (%)': 'Not supported',
  }

  it('are told one by one, whatever release of the tool tells', async () => {
    const answer = JSON.stringify({ card0: mi300, card1: older, system: { 'Driver version': '6.2' } })
    install(
      'rocm-smi',
      `for word; do last=$word; done; [ "$last" = --json ] || exit 2; echo 'WARNING: power-saving'; echo '${answer}'`,
    )
    expect(await ask(new AmdGpus(options))).toEqual({
      'gpu.0.gpu': 88,
      'gpu.0.memory': 9,
      'gpu.0.memoryAllocated': 25.5,
      'gpu.0.memoryAllocatedBytes': 255,
      'gpu.0.temp': 52,
      'gpu.0.powerWatts': 150,
      'gpu.0.enforcedPowerLimitWatts': 750,
      'gpu.0.powerPercent': 20,
      'gpu.0.smClock': 132,
      'gpu.0.memoryClock': 1300,
      'gpu.1.gpu': 0,
      'gpu.1.memoryAllocated': 3,
      'gpu.1.temp': 35,
      'gpu.1.powerWatts': 40,
    })
    expect(Object.keys((await ask(new AmdGpus({ ...options, deviceIds: [1] }))) ?? {})).toHaveLength(4)
  })

  it('are none where the tool is missing or says something else', async () => {
    expect(await ask(new AmdGpus(options))).toBeUndefined()
    install('rocm-smi', 'echo "ERROR: No AMD GPUs"; exit 1')
    expect(await ask(new AmdGpus(options))).toBeUndefined()
    expect([readCards('{"card0": '), readCards('[]'), readCards('')]).toEqual([undefined, undefined, undefined])
    expect(readCards('{"card0": 3, "card1": {"GPU use (%)": null}}')).toEqual(new Map([[1, new Map()]]))
  })
})

describe('a tool', () => {
  it('that hangs is ended, with what it started holding its output open, and is left alone then', async () => {
    const calls = join(directory, 'calls')
    install('slow', `echo $$ >> ${calls}; sleep 600`)
    const tool = new Tool('slow', 1000)
    expect(await tool.ask([])).toBeUndefined()
    expect(tool.isReady).toBe(false)
    expect(await tool.ask([])).toBeUndefined()
    const pid = Number(readFileSync(calls, 'utf8'))
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), patience)
  })

  it('answers with what it wrote, or with its complaint', async () => {
    install('tool', '[ "$1" = well ] && echo fine && exit; echo no >&2; exit 3')
    const tool = new Tool('tool')
    expect(await tool.ask(['well'])).toEqual({ output: 'fine\n' })
    expect(await tool.ask(['ill'])).toEqual({ complaint: 'no\n' })
    expect(await new Tool('missing').ask([])).toBeUndefined()
  })
})
