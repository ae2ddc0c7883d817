import * as z from 'zod'
import { type GpuOptions, numberOf, percent } from './nvidia.ts'
import { emptySample, type SystemSample } from './sample.ts'
import { Tool } from './tool.ts'

const words = [
  '--showuse',
  '--showmemuse',
  '--showmeminfo',
  'vram',
  '--showtemp',
  '--showpower',
  '--showmaxpower',
  '--showfan',
  '--showclocks',
  '--json',
]

/** The names that releases of the tool have for the same, the first that is there counts. */
const names: Readonly<Record<string, readonly string[]>> = {
  gpu: ['GPU use (%)'],
  memory: ['GPU Memory Read/Write Activity (%)'],
  memoryAllocated: ['GPU Memory Allocated (VRAM%)', 'GPU memory use (%)'],
  memoryAllocatedBytes: ['VRAM Total Used Memory (B)'],
  temp: [
    'Temperature (Sensor junction) (C)',
    'Temperature (Sensor hotspot) (C)',
    'Temperature (Sensor edge) (C)',
    'Temperature (Sensor memory) (C)',
  ],
  powerWatts: ['Current Socket Graphics Package Power (W)', 'Average Graphics Package Power (W)'],
  enforcedPowerLimitWatts: ['Max Graphics Package Power (W)'],
  fanSpeed: ['Fan speed (%)', 'Fan Speed (%)'],
  smClock: ['sclk clock speed:'],
  memoryClock: ['mclk clock speed:'],
}

const answerSchema = z.record(z.string(), z.unknown())
const cardSchema = z.record(z.string(), z.union([z.string(), z.number()]).transform(String).catch(''))

/** AMD GPUs, by `rocm-smi`. Nothing where it is missing; what a GPU cannot tell is left out. */
export class AmdGpus {
  readonly #options: GpuOptions
  readonly #tool = new Tool('rocm-smi')
  #isAsking = false

  constructor(options: GpuOptions) {
    this.#options = options
  }

  /** Asks, unless it waits for an answer. */
  async ask(onSample: (sample: SystemSample) => void): Promise<void> {
    if (this.#isAsking || !this.#tool.isReady) return
    this.#isAsking = true
    try {
      const answer = await this.#tool.ask(words)
      if (answer === undefined) return
      const cards = 'output' in answer ? readCards(answer.output) : undefined
      if (cards === undefined) {
        this.#tool.rest()
        return
      }
      const sample = emptySample()
      const { deviceIds } = this.#options
      for (const [index, values] of cards) {
        if (deviceIds !== null && !deviceIds.includes(index)) continue
        for (const [name, value] of values) sample.means.set(`gpu.${index}.${name}`, value)
      }
      onSample(sample)
    } finally {
      this.#isAsking = false
    }
  }
}

/** The cards of an answer in JSON, which warnings may stand before; undefined when it is none. */
export function readCards(output: string): Map<number, Map<string, number>> | undefined {
  const answer = parseAnswer(output.slice(Math.max(0, output.indexOf('{'))))
  if (answer === undefined) return undefined
  const cards = new Map<number, Map<string, number>>()
  for (const [key, value] of Object.entries(answer)) {
    const index = /^card(\d+)$/.exec(key)?.[1]
    const card = cardSchema.safeParse(value)
    if (index !== undefined && card.success) cards.set(Number(index), readCard(card.data))
  }
  return cards
}

function readCard(card: Readonly<Record<string, string>>): Map<string, number> {
  const read = (keys: readonly string[]): number | undefined =>
    keys.map((key) => numberOf(card[key]?.replace(/^\((\d+)Mhz\)$/i, '$1').trim())).find((value) => value !== undefined)
  const values = new Map<string, number>()
  const put = (name: string, value: number | undefined): void => {
    if (value !== undefined) values.set(name, value)
  }
  for (const [name, keys] of Object.entries(names)) put(name, read(keys))
  const total = read(['VRAM Total Memory (B)'])
  put('memoryAllocated', percent(values.get('memoryAllocatedBytes'), total) ?? values.get('memoryAllocated'))
  put('powerPercent', percent(values.get('powerWatts'), values.get('enforcedPowerLimitWatts')))
  return values
}

function parseAnswer(text: string): Record<string, unknown> | undefined {
  try {
    const parsed = answerSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
