import { routes } from '@kiroku/core/routes'
import type { MetricStore } from '@kiroku/metric-store'
import type { FastifyInstance } from 'fastify'
import type { Database } from '../../database/database.ts'

/** GET whether the process lives, and whether both databases answer. Open to everybody; they tell nothing else. */
export function registerHealthRoutes(app: FastifyInstance, database: Database, store: MetricStore): void {
  app.get(routes.health, async () => ({ status: 'ok' }))

  app.get(routes.ready, async () => {
    await Promise.all([database.ping(), store.ping()])
    return { status: 'ready' }
  })
}
