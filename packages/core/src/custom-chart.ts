import * as z from 'zod'

const shortTextSchema = z.string().max(1024)
const namedTextsSchema = z.record(shortTextSchema, shortTextSchema)

/**
 * How a logged table is drawn: by one of W&B's presets (`wandb/line/v0`), whose `fields` are columns of the table and whose
 * `texts` are titles.
 */
export const customChartSchema = z.object({
  preset: shortTextSchema,
  fields: namedTextsSchema,
  texts: namedTextsSchema,
})
export type CustomChart = z.infer<typeof customChartSchema>
