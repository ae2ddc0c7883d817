import { KirokuError, parseInput } from '@kiroku/core/errors'
import { runSlugSchema } from '@kiroku/core/ids'
import * as z from 'zod'

/** A run at one of its steps. */
const runMomentSchema = z.object({
  run: runSlugSchema,
  step: z.number().int('a step is a whole number').nonnegative('a step is 0 or more'),
})
export type RunMoment = z.infer<typeof runMomentSchema>

/** A moment as users give it: its parts, or `<id>?_step=<n>`. */
export type RunMomentInput = string | RunMoment

const textForm = /^([^?]+)\?_step=(\d{1,15})$/

/** Reads a moment. Throws `KirokuError` BAD_REQUEST that shows how one looks; `what` names the option. */
export function parseMoment(input: unknown, what: string): RunMoment {
  if (typeof input !== 'string') return parseInput(runMomentSchema, input, what)
  const [, run, step] = textForm.exec(input) ?? []
  if (run === undefined) {
    throw new KirokuError({
      code: 'BAD_REQUEST',
      message: `${what}: \`${input}\` is not <id>?_step=<n>, such as a1b2c3d4?_step=100`,
    })
  }
  return parseInput(runMomentSchema, { run, step: Number(step) }, what)
}
