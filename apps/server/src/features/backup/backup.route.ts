import { timingSafeEqual } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { type BackupEvent, backupRequestSchema } from '@kiroku/core/backup'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { routes } from '@kiroku/core/routes'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { presentedKey, requireIdentity } from '../../http/authentication.ts'
import { toKirokuError } from '../../http/errors.ts'
import { isFromThisMachine } from '../../http/request-origin.ts'
import { hashSecret } from '../../http/secrets.ts'
import type { BackupService } from './backup.service.ts'

/**
 * POST a directory, and read how the backup goes on: a line of JSON an event. A backup holds what all organizations have, and
 * is written where the caller says: so it takes the very key of the server's owner, which only who can read the data
 * directory has, and a caller on the same machine. Another key of the owner's organization is not enough.
 */
export function registerBackupRoute(app: FastifyInstance, backup: BackupService, ownerKey: string | null): void {
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    requireIdentity(request)
    backup.checkPossible()
    requireOwner(request, ownerKey)
  }
  app.post(routes.backup, { onRequest }, async (request, reply) => {
    const { directory } = parseInput(backupRequestSchema, request.body, 'backup')
    const leaving = new AbortController()
    reply.raw.once('close', () => leaving.abort())
    const events = new PassThrough()
    const tell = (event: BackupEvent): void => {
      events.write(`${JSON.stringify(event)}\n`)
    }
    let hasBegun = false
    // What is in the way is known before the first event, and answered as any other error.
    await new Promise<void>((resolve, reject) => {
      const work = backup.make(
        directory,
        (event) => {
          hasBegun = true
          tell(event)
          resolve()
        },
        leaving.signal,
      )
      work.then(
        (summary) => {
          tell({ type: 'done', summary })
          events.end()
          resolve()
        },
        (error: unknown) => {
          if (!hasBegun) return reject(error)
          const known = toKirokuError(error)
          if (known.code === 'INTERNAL') request.log.error({ err: known.cause ?? known }, 'a backup failed')
          tell({ type: 'failed', code: known.code, message: known.message })
          events.end()
        },
      )
    })
    return reply.type('application/x-ndjson').send(events)
  })
}

function requireOwner(request: FastifyRequest, ownerKey: string | null): void {
  const key = presentedKey(request)
  const isOwner = key !== null && ownerKey !== null && timingSafeEqual(hashSecret(key), hashSecret(ownerKey))
  if (!isOwner)
    throw new KirokuError({
      code: 'FORBIDDEN',
      message:
        "a backup holds what all organizations have: it takes the key in the file owner-key of the server's data directory; set KIROKU_API_KEY to it",
    })
  if (!isFromThisMachine(request))
    throw new KirokuError({
      code: 'FORBIDDEN',
      message: "a backup is written on the server's machine: ask for it there, at its own address (127.0.0.1)",
    })
}
