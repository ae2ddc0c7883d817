import * as z from 'zod'
import { mediaFilesValueSchema, mediaFileValueSchema, storedMediaSchema } from './media-files.ts'
import { wireValueSchema } from './values.ts'

/** The most bins that a histogram has. */
export const maxHistogramBins = 512

/** The most rows that a logged table has. */
export const maxTableRows = 10_000

/** The most columns that a logged table has. */
export const maxTableColumns = 1000

/** The most images that are logged together. */
export const maxImages = 108

/** The longest caption of an image, in characters. */
export const maxCaptionLength = 4096

/** An image, logged at a step: a file of the run, and what is written below it. Width and height in pixels. */
export const imageValueSchema = storedMediaSchema.extend({
  _type: z.literal('image-file'),
  format: z.enum(['png', 'jpeg', 'gif', 'webp', 'bmp']),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  caption: z.string().max(maxCaptionLength).nullish(),
})
export type ImageValue = z.infer<typeof imageValueSchema>

/** Several images, logged together. */
export const imagesValueSchema = z.object({
  _type: z.literal('images'),
  images: z.array(imageValueSchema).max(maxImages),
})
export type ImagesValue = z.infer<typeof imagesValueSchema>

/** How values were spread: `values[i]` of them lie from `bins[i]` to `bins[i + 1]`. */
export const histogramValueSchema = z
  .object({
    _type: z.literal('histogram'),
    values: z.array(z.number()).min(1).max(maxHistogramBins),
    bins: z.array(z.number()).min(2),
    /** Values that were left out because they are NaN or infinite. */
    nonFiniteCount: z.number().int().nonnegative().optional(),
  })
  .refine(({ values, bins }) => bins.length === values.length + 1, 'a histogram has one bin edge more than values')
export type HistogramValue = z.infer<typeof histogramValueSchema>

/** A table, logged at a step: a file of the run that holds a `tableContentSchema`. */
export const tableValueSchema = storedMediaSchema.extend({
  _type: z.literal('table-file'),
  columns: z.array(z.string()).max(maxTableColumns),
  rows: z.number().int().nonnegative(),
})
export type TableValue = z.infer<typeof tableValueSchema>

/** What a table's file holds, as JSON: cells in wire form, row by row. */
export const tableContentSchema = z.object({
  columns: z.array(z.string()).max(maxTableColumns),
  data: z.array(z.array(wireValueSchema)).max(maxTableRows),
})
export type TableContent = z.infer<typeof tableContentSchema>

/** A value of the history that is more than text. In wire form, as it is stored. */
export const mediaValueSchema = z.discriminatedUnion('_type', [
  imageValueSchema,
  imagesValueSchema,
  histogramValueSchema,
  tableValueSchema,
  mediaFileValueSchema,
  mediaFilesValueSchema,
])
export type MediaValue = z.infer<typeof mediaValueSchema>
