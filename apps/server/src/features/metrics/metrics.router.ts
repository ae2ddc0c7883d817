import {
  metricInfoSchema,
  metricListInputSchema,
  runAddressSchema,
  runMetricsSchema,
  runTextSchema,
  textListInputSchema,
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
    .query(async ({ ctx, input }) =>
      ctx.services.series.texts(await projectAt(ctx, input), { run: input.run, metric: input.metric }),
    ),
})
