import { AmdGpus } from './amd.ts'
import { readCapacity, readMemory, readProcess } from './capacity.ts'
import { DiskUsage, devicesOf, readDiskTraffic } from './disk.ts'
import { readNetwork } from './network.ts'
import { NvidiaGpus } from './nvidia.ts'
import { ProcessTree } from './process-tree.ts'
import { CoreShares, ProcessShare } from './processor.ts'
import { emptySample, type SystemRoots, type SystemSample, systemRoots } from './sample.ts'

/** What is looked at. `gpuDeviceIds` null: all; `usesCgroup`: limits of the control group count. */
export type SamplerOptions = {
  diskPaths: readonly string[]
  gpuDeviceIds: readonly number[] | null
  processTree: boolean
  usesCgroup: boolean
  roots?: SystemRoots
}

/**
 * Looks at the process and the machine. What a system does not tell is left out, and trouble with one part keeps nothing from the
 * others.
 */
export class SystemSampler {
  readonly #options: SamplerOptions
  readonly #roots: SystemRoots
  readonly #onSample: (sample: SystemSample) => void
  readonly #process = new ProcessShare()
  readonly #cores: CoreShares
  readonly #usage: DiskUsage
  readonly #devices: ReadonlySet<string>
  readonly #nvidia: NvidiaGpus
  readonly #amd: AmdGpus
  readonly #tree: ProcessTree | undefined

  /** `onSample` hears what comes late: GPUs, file systems and the process tree are asked beside the thread. */
  constructor(options: SamplerOptions, onSample: (sample: SystemSample) => void) {
    const { diskPaths, gpuDeviceIds, processTree, roots = systemRoots } = options
    this.#options = options
    this.#roots = roots
    this.#onSample = onSample
    this.#cores = new CoreShares(roots)
    this.#usage = new DiskUsage(diskPaths)
    this.#devices = devicesOf(diskPaths, roots)
    const gpus = { roots, deviceIds: gpuDeviceIds, pid: process.pid }
    this.#nvidia = new NvidiaGpus(gpus)
    this.#amd = new AmdGpus(gpus)
    this.#tree = processTree && process.platform === 'linux' ? new ProcessTree(roots, process.pid) : undefined
  }

  /** The state now, without what comes late; shares of processor time are of the time since the last call. */
  sample(): SystemSample {
    const sample = emptySample()
    const capacity = readCapacity(this.#roots, this.#options.usesCgroup)
    for (const read of [
      () => {
        if (this.#tree === undefined) this.#process.read(sample, capacity.processors)
      },
      () => this.#cores.read(sample),
      () => readMemory(sample, capacity),
      () => {
        if (this.#tree === undefined) readProcess(sample, capacity, this.#roots)
      },
      () => readNetwork(sample, this.#roots),
      () => readDiskTraffic(sample, this.#devices, this.#roots),
    ]) {
      try {
        read()
      } catch {
        // What cannot be seen now, such as when a process has no file left to open, is left out.
      }
    }
    return sample
  }

  /** Asks for what comes late, unless an earlier question waits for its answer. */
  ask(): void {
    const hear = this.#onSample
    try {
      this.#usage.ask(hear)
      this.#tree?.ask(readCapacity(this.#roots, this.#options.usesCgroup), hear).catch(leaveOut)
      this.#nvidia.ask(hear).catch(leaveOut)
      if (!this.#nvidia.isPresent) this.#amd.ask(hear).catch(leaveOut)
    } catch {
      leaveOut()
    }
  }
}

function leaveOut(): void {
  // What is not told is left out.
}
