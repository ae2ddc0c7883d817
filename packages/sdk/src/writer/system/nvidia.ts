import { isDescendant } from './process-tree.ts'
import { emptySample, megabyte, type SystemRoots, type SystemSample } from './sample.ts'
import { Tool } from './tool.ts'

/** What is asked of each GPU, and the metric that the answer is, where it is one as it stands. */
const fields: Readonly<Record<string, string | null>> = {
  index: null,
  uuid: null,
  'utilization.gpu': 'gpu',
  'utilization.memory': 'memory',
  'memory.used': null,
  'memory.total': null,
  'temperature.gpu': 'temp',
  'power.draw': 'powerWatts',
  'enforced.power.limit': 'enforcedPowerLimitWatts',
  'clocks.sm': 'smClock',
  'clocks.mem': 'memoryClock',
  'ecc.errors.corrected.volatile.total': 'correctedMemoryErrors',
  'ecc.errors.uncorrected.volatile.total': 'uncorrectedMemoryErrors',
  'fan.speed': 'fanSpeed',
  'utilization.encoder': 'encoderUtilization',
  'pcie.link.gen.current': 'pcieLinkGen',
  'pcie.link.width.current': 'pcieLinkWidth',
  'pcie.link.gen.max': 'maxPcieLinkGen',
  'pcie.link.width.max': 'maxPcieLinkWidth',
}

/** The metrics that are told again as `gpu.process.N.*` of a GPU that the script uses. They are the device's, not the script's share. */
const processMetrics = [
  'gpu',
  'memory',
  'memoryAllocated',
  'memoryAllocatedBytes',
  'temp',
  'powerWatts',
  'powerPercent',
]

const usersEveryMs = 10_000

type Gpu = { index: number; uuid: string; values: Map<string, number> }

export type GpuOptions = { roots: SystemRoots; deviceIds: readonly number[] | null; pid: number }

/** NVIDIA GPUs, by `nvidia-smi`. Nothing where it is missing; what a GPU cannot tell is left out. */
export class NvidiaGpus {
  readonly #options: GpuOptions
  readonly #tool = new Tool('nvidia-smi')
  #fields = Object.keys(fields)
  #users = new Set<string>()
  #usersAt = Number.NEGATIVE_INFINITY
  #isAsking = false
  /** True once the machine had an NVIDIA GPU. */
  isPresent = false

  constructor(options: GpuOptions) {
    this.#options = options
  }

  /** Asks, unless it waits for an answer. */
  async ask(onSample: (sample: SystemSample) => void): Promise<void> {
    if (this.#isAsking || !this.#tool.isReady) return
    this.#isAsking = true
    try {
      const gpus = await this.#gpus()
      if (gpus === undefined || gpus.length === 0) return
      this.isPresent = true
      await this.#findUsers()
      const sample = emptySample()
      for (const gpu of gpus) this.#add(gpu, sample)
      onSample(sample)
    } finally {
      this.#isAsking = false
    }
  }

  async #gpus(): Promise<Gpu[] | undefined> {
    const asked = this.#fields
    const answer = await this.#tool.ask([`--query-gpu=${asked.join(',')}`, '--format=csv,noheader,nounits'])
    if (answer === undefined) return undefined
    if ('output' in answer) return readGpus(answer.output, asked)
    // A driver older or newer than this list refuses the whole question and names the field that it does not know.
    const unknown = /Field "([^"]+)" is not a valid field to query/.exec(answer.complaint)?.[1]
    const left = asked.filter((field) => field !== unknown)
    if (left.length === asked.length || !left.includes('index')) {
      this.#tool.rest()
      return undefined
    }
    this.#fields = left
    return this.#gpus()
  }

  async #findUsers(): Promise<void> {
    if (performance.now() - this.#usersAt < usersEveryMs) return
    this.#usersAt = performance.now()
    const answer = await this.#tool.ask(['--query-compute-apps=pid,gpu_uuid', '--format=csv,noheader,nounits'])
    if (answer === undefined || !('output' in answer)) return
    const { roots, pid } = this.#options
    const rows = answer.output.split('\n').map((line) => line.split(',').map((cell) => cell.trim()))
    this.#users = new Set(
      rows.flatMap(([user = '', uuid = '']) =>
        /^\d+$/.test(user) && isDescendant(roots, Number(user), pid) ? uuid : [],
      ),
    )
  }

  #add({ index, uuid, values }: Gpu, { means }: SystemSample): void {
    const { deviceIds } = this.#options
    if (deviceIds !== null && !deviceIds.includes(index)) return
    for (const [name, value] of values) means.set(`gpu.${index}.${name}`, value)
    if (!this.#users.has(uuid)) return
    for (const name of processMetrics) {
      const value = values.get(name)
      if (value !== undefined) means.set(`gpu.process.${index}.${name}`, value)
    }
  }
}

/** The GPUs of an answer in CSV. A line that is none, and a value that is no number such as `[N/A]`, is left out. */
export function readGpus(csv: string, asked: readonly string[]): Gpu[] {
  return csv.split('\n').flatMap((line) => {
    const cells = line.split(',').map((cell) => cell.trim())
    if (cells.length !== asked.length) return []
    const told = new Map(asked.map((field, column) => [field, cells[column] ?? '']))
    const number = (field: string): number | undefined => numberOf(told.get(field))
    const index = number('index')
    if (index === undefined || !Number.isInteger(index)) return []
    const values = new Map<string, number>()
    const put = (name: string, value: number | undefined): void => {
      if (value !== undefined) values.set(name, value)
    }
    for (const [field, name] of Object.entries(fields)) if (name !== null) put(name, number(field))
    const used = number('memory.used')
    put('memoryAllocated', percent(used, number('memory.total')))
    put('memoryAllocatedBytes', used === undefined ? undefined : used * megabyte)
    put('powerPercent', percent(number('power.draw'), number('enforced.power.limit')))
    return [{ index, uuid: told.get('uuid') ?? '', values }]
  })
}

/** The number that a text is; undefined for any other text. */
export function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined
}

/** How much of `whole` a part is; undefined where either is not known. */
export function percent(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole <= 0 ? undefined : (100 * part) / whole
}
