import { KirokuError } from '@kiroku/core/errors'
import * as z from 'zod'

/** An error of the driver or of Prisma, by its code; causes are followed. */
const codedErrorSchema = z.object({ code: z.string(), message: z.string().default('') })

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
  'P1001',
  'P1002',
  'P1008',
  'P1017',
])
const refusedCodes = new Set(['28000', '28P01', '3D000', 'P1000', 'P1003'])
const fullCodes = new Set(['53100', '53200'])

/** Translates an error of PostgreSQL's driver or of Prisma by its code; anything else comes back as it is. */
export function explainDatabaseError(error: unknown): unknown {
  if (error instanceof KirokuError) return error
  const parsed = codedErrorSchema.safeParse(error)
  if (!parsed.success) return error
  const { code, message } = parsed.data
  if (unreachableCodes.has(code))
    return new KirokuError({ code: 'UNAVAILABLE', message: 'PostgreSQL cannot be reached', cause: error })
  if (refusedCodes.has(code))
    return new KirokuError({
      code: 'UNAVAILABLE',
      message: `PostgreSQL refused the connection: ${message}`,
      cause: error,
    })
  if (fullCodes.has(code))
    return new KirokuError({ code: 'UNAVAILABLE', message: 'PostgreSQL is out of disk or memory', cause: error })
  return error
}
