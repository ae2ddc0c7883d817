import {
  metricInfoSchema,
  metricListInputSchema,
  runAddressSchema,
  runMetricsSchema,
  runTextSchema,
  textListInputSchema,
  textMetricSchema,
  textStepsInputSchema,
  textStepsSchema,
} from '@kiroku/core/queries'
import * as z from 'zod'
import { authorized, projectAt, router } from '../../http/trpc.ts'

/** `metrics.*`: what can be charted. */
export const metricsRouter = router({
  list: authorized
    .input(metricListInputSchema)
    .output(z.array(metricInfoSchema))
    .query(async ({ ctx, input }) => ctx.services.metrics.list(await projectAt(ctx, input), input.runs)),

  byRun: authorized
    .input(runAddressSchema)
    .output(runMetricsSchema)
    .query(async ({ ctx, input }) => ctx.services.metrics.byRun(await projectAt(ctx, input), input.run)),
})

/** `texts.*`: what was logged that is not a number. */
export const textsRouter = router({
  byRun: authorized
    .input(textListInputSchema)
    .output(z.array(runTextSchema))
    .query(async ({ ctx, input }) => ctx.services.series.texts(await projectAt(ctx, input), input)),

  metrics: authorized
    .input(runAddressSchema)
    .output(z.array(textMetricSchema))
    .query(async ({ ctx, input }) => ctx.services.series.textMetrics(await projectAt(ctx, input), input.run)),

  steps: authorized
    .input(textStepsInputSchema)
    .output(textStepsSchema)
    .query(async ({ ctx, input }) => ctx.services.series.textSteps(await projectAt(ctx, input), input)),
})
