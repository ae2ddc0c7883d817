import { type CustomChart, customChartSchema } from '@kiroku/core/custom-chart'
import * as z from 'zod'

const settingsSchema = z.record(z.string(), z.unknown()).catch({})
const argumentSchema = z.object({ name: z.string(), value: z.unknown() })
const fieldSchema = z.object({ name: z.string(), args: z.array(argumentSchema).catch([]) })
const visualizationSchema = z.object({
  panel_config: z.object({
    panelDefId: z.string(),
    fieldSettings: settingsSchema,
    stringSettings: settingsSchema,
    userQuery: z.object({ queryFields: z.array(z.object({ fields: z.array(fieldSchema).catch([]) })) }).optional(),
  }),
})
const visualizationsSchema = z.record(z.string(), z.unknown())

/**
 * The charts of `wandb.plot`, by the metric that has the table of each: of the config's `_wandb.visualize`. What is not as it
 * should be counts as not said.
 */
export function readCustomCharts(visualize: unknown): Map<string, CustomChart> {
  const charts = new Map<string, CustomChart>()
  for (const [key, said] of Object.entries(visualizationsSchema.safeParse(visualize).data ?? {})) {
    const config = visualizationSchema.safeParse(said).data?.panel_config
    if (config === undefined) continue
    const fields = config.userQuery?.queryFields.flatMap((query) => query.fields) ?? []
    const table = fields.find(({ name }) => name === 'summaryTable')?.args.find(({ name }) => name === 'tableKey')
    const chart = customChartSchema.safeParse({
      preset: config.panelDefId,
      fields: textsOf(config.fieldSettings),
      texts: textsOf(config.stringSettings),
    })
    if (chart.success) charts.set(typeof table?.value === 'string' ? table.value : `${key}_table`, chart.data)
  }
  return charts
}

const textsOf = (settings: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([, text]) => typeof text === 'string'))
