import { fieldsOf, varintsOf } from '../proto.ts'

/** A tensor of numbers, or of byte strings. Null where its type is one that is not read. */
export type Tensor = { shape: number[]; numbers: number[] | null; strings: Uint8Array[] | null }

/** How elements of a type lie in `tensor_content`, by the number of the type. */
const readers: Readonly<Record<number, { width: number; read(view: DataView, at: number): number }>> = {
  1: { width: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { width: 8, read: (view, at) => view.getFloat64(at, true) },
  3: { width: 4, read: (view, at) => view.getInt32(at, true) },
  4: { width: 1, read: (view, at) => view.getUint8(at) },
  5: { width: 2, read: (view, at) => view.getInt16(at, true) },
  6: { width: 1, read: (view, at) => view.getInt8(at) },
  9: { width: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  10: { width: 1, read: (view, at) => view.getUint8(at) },
  14: { width: 2, read: (view, at) => bfloat16(view.getUint16(at, true)) },
  17: { width: 2, read: (view, at) => view.getUint16(at, true) },
  19: { width: 2, read: (view, at) => float16(view.getUint16(at, true)) },
  22: { width: 4, read: (view, at) => view.getUint32(at, true) },
  23: { width: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
}
const stringType = 7
const [halfType, bfloatType] = [19, 14]
/** More elements than a summary has; a shape alone can ask for any number of the one value that is given. */
const maxElements = 16 * 1024 * 1024

/** Reads a `tensorflow.TensorProto` message. */
export function readTensor(message: Uint8Array): Tensor {
  let type = 0
  let content: Uint8Array | null = null
  const shape: number[] = []
  let listed: number[] = []
  const strings: Uint8Array[] = []
  for (const { number, value, bytes, isBytes } of fieldsOf(message)) {
    if (number === 1) type = value
    else if (number === 2) shape.push(...readShape(bytes))
    else if (number === 4) content = bytes
    else if (number === 5) listed = listed.concat(isBytes ? numbersOf(bytes, 1) : value)
    else if (number === 6) listed = listed.concat(isBytes ? numbersOf(bytes, 2) : value)
    else if (number === 8) strings.push(bytes)
    else if ([7, 10, 11, 13, 16, 17].includes(number)) listed = listed.concat(isBytes ? varintsOf(bytes) : value)
  }
  if (type === stringType) return { shape, numbers: null, strings }
  if (readers[type] === undefined) return { shape, numbers: null, strings: null }
  return { shape, numbers: spread(content ? numbersOf(content, type) : widened(listed, type), shape), strings: null }
}

function readShape(message: Uint8Array): number[] {
  const sizes: number[] = []
  for (const dimension of fieldsOf(message)) {
    if (dimension.number !== 2) continue
    let size = 0
    for (const { number, value } of fieldsOf(dimension.bytes)) if (number === 1) size = value
    sizes.push(size)
  }
  return sizes
}

function numbersOf(bytes: Uint8Array, type: number): number[] {
  const reader = readers[type]
  if (reader === undefined) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: Math.floor(bytes.length / reader.width) }, (_, index) =>
    reader.read(view, index * reader.width),
  )
}

/** Half floats are listed by their bits. */
function widened(listed: number[], type: number): number[] {
  if (type === halfType) return listed.map(float16)
  return type === bfloatType ? listed.map(bfloat16) : listed
}

/** The last of the listed values stands for all that are left out. */
function spread(listed: number[], shape: readonly number[]): number[] | null {
  const count = shape.reduce((product, size) => product * size, 1)
  if (!(count >= 0 && count <= maxElements)) return null
  const last = listed.at(-1) ?? 0
  return listed.length >= count ? listed : listed.concat(new Array<number>(count - listed.length).fill(last))
}

function float16(bits: number): number {
  const [exponent, fraction] = [(bits >>> 10) & 0x1f, bits & 0x3ff]
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}

function bfloat16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint32(0, bits << 16)
  return view.getFloat32(0)
}
