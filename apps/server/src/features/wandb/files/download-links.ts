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
  /** What makes links to files of a run, below the server's address. Throws UNAUTHORIZED when the key is gone. */
  maker(apiKey: string, scope: ProjectScope, run: string): Promise<(path: string) => string>
  /** Whose right a link is. Throws UNAUTHORIZED for one that is too old or that nobody signed. */
  check(file: LinkedFile, link: { until: number; signature: string }): Promise<OrganizationScope>
}

const lifetimeMs = 60 * 60 * 1000

const signedText = ({ entity, project, run, path }: LinkedFile, until: number): string =>
  JSON.stringify(['download', entity, project, run, path, until])

export function createDownloadLinks(
  identities: Pick<IdentitiesRepository, 'signer' | 'bySignature'>,
  now = Date.now,
): DownloadLinks {
  return {
    async maker(apiKey, scope, run) {
      const sign = await identities.signer(apiKey)
      if (sign === null) throw unauthorized('no user has this API key')
      const until = now() + lifetimeMs
      return (path) => {
        const file = { entity: scope.organization, project: scope.project, run, path }
        return downloadPath(scope, run, { path, until, signature: sign(signedText(file, until)) })
      }
    },
    async check(file, { until, signature }) {
      const identity = await identities.bySignature(signature, signedText(file, until))
      if (identity === null || until < now()) throw unauthorized('the link to this file is too old, or not whole')
      return authorizeOrganization(identity, file.entity)
    },
  }
}

const unauthorized = (message: string): KirokuError => new KirokuError({ code: 'UNAUTHORIZED', message })
