import { KirokuError } from '@kiroku/core/errors'
import { authorizeOrganization, type OrganizationScope, type ProjectScope } from '../../../http/scopes.ts'
import type { IdentitiesRepository } from '../../sessions/index.ts'
import { downloadPath } from '../wandb-routes.ts'

/** A file of a run by names, as its link has them. */
export type LinkedFile = { entity: string; project: string; run: string; path: string }

/**
 * Addresses of files that say by themselves who may read them, for commands of older clients, which send no key along. A link is
 * signed by the key of whom it is given to, and ends with it, or after an hour.
 */
export type DownloadLinks = {
  /** A link below the server's address; throws UNAUTHORIZED when the key is gone. */
  make(apiKey: string, scope: ProjectScope, run: string, path: string): Promise<string>
  /** Whose right a link is. Throws UNAUTHORIZED for one that is too old or that nobody signed. */
  check(file: LinkedFile, link: { until: number; signature: string }): Promise<OrganizationScope>
}

const lifetimeMs = 60 * 60 * 1000

const signedText = ({ entity, project, run, path }: LinkedFile, until: number): string =>
  JSON.stringify(['download', entity, project, run, path, until])

export function createDownloadLinks(
  identities: Pick<IdentitiesRepository, 'sign' | 'bySignature'>,
  now = Date.now,
): DownloadLinks {
  return {
    async make(apiKey, scope, run, path) {
      const until = now() + lifetimeMs
      const file = { entity: scope.organization, project: scope.project, run, path }
      const signature = await identities.sign(apiKey, signedText(file, until))
      if (signature === null) throw unauthorized('no user has this API key')
      return downloadPath(scope, run, { path, until, signature })
    },
    async check(file, { until, signature }) {
      const identity = await identities.bySignature(signature, signedText(file, until))
      if (identity === null || until < now()) throw unauthorized('the link to this file is too old, or not whole')
      return authorizeOrganization(identity, file.entity)
    },
  }
}

const unauthorized = (message: string): KirokuError => new KirokuError({ code: 'UNAUTHORIZED', message })
