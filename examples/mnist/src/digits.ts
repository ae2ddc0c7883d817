import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { shuffledIndices } from './random.ts'

/** Pictures are `imageSize * imageSize` grey values from 0 to 1, one after the other. */
export const imageSize = 28
export const pixels = imageSize * imageSize

export type Digits = { count: number; images: Float32Array; labels: Uint8Array }

const fileSchema = z.object({ data: z.array(z.number()) })

/** All handwritten digits of the `mnist` package, class by class. */
export function loadDigits(): Digits {
  const directory = join(dirname(createRequire(import.meta.url).resolve('mnist')), 'digits')
  const classes = Array.from({ length: 10 }, (_, digit) =>
    Float32Array.from(fileSchema.parse(JSON.parse(readFileSync(join(directory, `${digit}.json`), 'utf8'))).data),
  )
  const counts = classes.map((values) => Math.floor(values.length / pixels))
  const count = counts.reduce((sum, each) => sum + each, 0)
  const images = new Float32Array(count * pixels)
  const labels = new Uint8Array(count)
  let at = 0
  classes.forEach((values, digit) => {
    const size = counts[digit] ?? 0
    images.set(values.subarray(0, size * pixels), at * pixels)
    labels.fill(digit, at, at + size)
    at += size
  })
  return { count, images, labels }
}

/** Shuffles and splits into parts that share nothing; the first part gets what the others leave. */
export function splitDigits(
  digits: Digits,
  sizes: { validation: number; test: number },
  random: () => number,
): { train: Digits; validation: Digits; test: Digits } {
  const order = shuffledIndices(digits.count, random)
  const trainEnd = digits.count - sizes.validation - sizes.test
  return {
    train: take(digits, order.subarray(0, trainEnd)),
    validation: take(digits, order.subarray(trainEnd, trainEnd + sizes.validation)),
    test: take(digits, order.subarray(trainEnd + sizes.validation)),
  }
}

function take(digits: Digits, indices: Uint32Array): Digits {
  const images = new Float32Array(indices.length * pixels)
  const labels = new Uint8Array(indices.length)
  indices.forEach((from, to) => {
    images.set(digits.images.subarray(from * pixels, (from + 1) * pixels), to * pixels)
    labels[to] = digits.labels[from] ?? 0
  })
  return { count: indices.length, images, labels }
}
