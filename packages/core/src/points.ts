import * as z from 'zod'
import { parseInput } from './errors.ts'
import { decodeFrame, encodeFrame, float64Column } from './frames.ts'
import { streamSchema } from './history.ts'
import { metricNameSchema } from './metrics.ts'
import { runAddressSchema } from './queries.ts'

/** A whole number, or its digits as they stand in an address. */
const wholeSchema = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/, 'expected a whole number')
    .transform(Number),
])

/** The most points that one page of them has. */
export const maxPointsPage = 1_000_000

/**
 * Which points to read: every one of one metric of one run, or with `limit` a page, which begins after the step `after`.
 */
export const pointsRequestSchema = runAddressSchema.extend({
  metric: metricNameSchema,
  stream: streamSchema.default('history'),
  after: wholeSchema.pipe(z.number().int()).optional(),
  limit: wholeSchema.pipe(z.number().int().min(1).max(maxPointsPage)).optional(),
})
export type PointsRequest = z.input<typeof pointsRequestSchema>

/** Points of a metric, sorted by step: three columns of one length. Times are unix milliseconds. */
export type Points = {
  steps: Float64Array<ArrayBuffer>
  times: Float64Array<ArrayBuffer>
  values: Float64Array<ArrayBuffer>
}

const pointsHeaderSchema = z.object({ v: z.literal(1), length: z.number().int().nonnegative() })

/** Encodes points as one frame: steps, times, values. */
export function encodePoints(points: Points): Uint8Array<ArrayBuffer> {
  return encodeFrame({ v: 1, length: points.steps.length }, [points.steps, points.times, points.values])
}

/** Decodes points. Throws `KirokuError` BAD_REQUEST when the bytes are not such a frame. */
export function decodePoints(bytes: Uint8Array): Points {
  const frame = decodeFrame(bytes)
  const { length } = parseInput(pointsHeaderSchema, frame.header, 'points')
  return {
    steps: float64Column(frame, 0, length),
    times: float64Column(frame, 1, length),
    values: float64Column(frame, 2, length),
  }
}
