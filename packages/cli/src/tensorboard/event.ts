import { fieldsOf, textOf } from '../proto.ts'
import { readTensor, type Tensor } from './tensor.ts'

/** A histogram as TensorFlow 1 writes it: `counts[i]` values up to `limits[i]`, from `min` to `max`. */
export type OldHistogram = { min: number; max: number; limits: number[]; counts: number[] }
/** An encoded picture. */
export type Picture = { width: number; height: number; bytes: Uint8Array }

/** One value of a summary. `plugin` and its `content` come with the first value of a tag that a writer writes. */
export type SummaryValue = {
  tag: string
  plugin: { name: string; content: Uint8Array } | null
  scalar?: number
  histogram?: OldHistogram
  picture?: Picture
  tensor?: Tensor
  hasAudio?: boolean
}

/** An event of a file, as far as it is read. `wallTime` is unix seconds. */
export type TensorboardEvent = {
  wallTime: number
  step: number
  fileVersion: string | null
  isSessionStart: boolean
  hasSummary: boolean
  values: SummaryValue[]
}

const sessionStart = 1

/** Reads a `tensorflow.Event` message; what is not needed is passed over. Throws RangeError when it is none. */
export function readEvent(message: Uint8Array): TensorboardEvent {
  const event: TensorboardEvent = {
    wallTime: 0,
    step: 0,
    fileVersion: null,
    isSessionStart: false,
    hasSummary: false,
    values: [],
  }
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) event.wallTime = value
    else if (number === 2) event.step = value
    else if (number === 3) event.fileVersion = textOf(bytes)
    else if (number === 5) {
      event.hasSummary = true
      for (const field of fieldsOf(bytes)) if (field.number === 1) event.values.push(readValue(field.bytes))
    } else if (number === 7)
      for (const field of fieldsOf(bytes)) if (field.number === 1) event.isSessionStart = field.value === sessionStart
  }
  return event
}

function readValue(message: Uint8Array): SummaryValue {
  const read: SummaryValue = { tag: '', plugin: null }
  let nodeName = ''
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) read.tag = textOf(bytes)
    else if (number === 2) read.scalar = value
    else if (number === 4) read.picture = readPicture(bytes)
    else if (number === 5) read.histogram = readHistogram(bytes)
    else if (number === 6) read.hasAudio = true
    else if (number === 7) nodeName = textOf(bytes)
    else if (number === 8) read.tensor = readTensor(bytes)
    else if (number === 9) read.plugin = readPlugin(bytes)
  }
  if (read.tag === '') read.tag = nodeName
  return read
}

function readPlugin(metadata: Uint8Array): SummaryValue['plugin'] {
  const plugin = { name: '', content: new Uint8Array(0) }
  for (const field of fieldsOf(metadata)) {
    if (field.number !== 1) continue
    for (const { number, bytes } of fieldsOf(field.bytes)) {
      if (number === 1) plugin.name = textOf(bytes)
      else if (number === 2) plugin.content = bytes.slice()
    }
  }
  return plugin
}

function readPicture(message: Uint8Array): Picture {
  const picture: Picture = { width: 0, height: 0, bytes: new Uint8Array(0) }
  for (const { number, value, bytes } of fieldsOf(message)) {
    if (number === 1) picture.height = value
    else if (number === 2) picture.width = value
    else if (number === 4) picture.bytes = bytes
  }
  return picture
}

function readHistogram(message: Uint8Array): OldHistogram {
  const read: OldHistogram = { min: 0, max: 0, limits: [], counts: [] }
  for (const { number, value, bytes, isBytes } of fieldsOf(message)) {
    if (number === 1) read.min = value
    else if (number === 2) read.max = value
    else if (number === 6) read.limits = read.limits.concat(isBytes ? doublesOf(bytes) : value)
    else if (number === 7) read.counts = read.counts.concat(isBytes ? doublesOf(bytes) : value)
  }
  return read
}

function doublesOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length >> 3 }, (_, index) => view.getFloat64(index * 8, true))
}
