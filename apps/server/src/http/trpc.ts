import type { KirokuError } from '@kiroku/core/errors'
import type { ProjectPath } from '@kiroku/core/projects'
import { initTRPC, TRPCError } from '@trpc/server'
import type { Services } from '../services.ts'
import { notSignedIn } from './authentication.ts'
import { describeError, toKirokuError, trpcCodeByCode } from './errors.ts'
import { authorizeOrganization, type Identity, type ProjectScope } from './scopes.ts'

/**
 * What every procedure is called with. `identity` is null for a caller without a valid key or session; `refusal` then
 * tells what was wrong with what the caller sent.
 */
export type Context = {
  identity: Identity | null
  refusal: KirokuError | null
  services: Services
  requestId: string
}

const t = initTRPC.context<Context>().create({
  errorFormatter({ shape, error, ctx }) {
    const body = describeError(error, ctx?.requestId ?? '')
    const { code, httpStatus, path } = shape.data
    return { message: body.message, code: shape.code, data: { code, httpStatus, path, error: body } }
  },
})

/** Builds a router of procedures. */
export const router = t.router

// `next()` does not throw for a failed procedure: it answers `{ ok: false }`.
const mapErrors = t.middleware(async ({ next }) => {
  const result = await next()
  if (result.ok) return result
  const error = toKirokuError(result.error)
  throw new TRPCError({ code: trpcCodeByCode[error.code], message: error.message, cause: error })
})

/** A procedure for callers with a key or a session. Throws UNAUTHORIZED for any other. */
export const authorized = t.procedure.use(mapErrors).use(({ ctx, next }) => {
  if (!ctx.identity) throw ctx.refusal ?? notSignedIn()
  return next({ ctx: { ...ctx, identity: ctx.identity } })
})

/** The scope of the project at `path`. Throws NOT_FOUND unless the caller may look in its organization. */
export async function projectAt(
  ctx: { identity: Identity; services: Services },
  path: ProjectPath,
): Promise<ProjectScope> {
  return ctx.services.projects.byName(authorizeOrganization(ctx.identity, path.organization), path.project)
}
