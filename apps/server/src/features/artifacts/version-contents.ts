import { maxManifestBytes } from '@kiroku/core/artifacts'
import { KirokuError } from '@kiroku/core/errors'
import type { OrganizationScope } from '../../http/scopes.ts'
import type { FilesService } from '../files/index.ts'
import type { StoredFile } from './artifacts.repository.ts'
import { type Manifest, parseManifest } from './manifest.ts'

type Organization = Pick<OrganizationScope, 'organizationId'>

/** What lists of files say, and the contents that they name. */
export type VersionContents = {
  /** Reads a list of files; null where there is no such content. Throws TOO_LARGE, and BAD_REQUEST for what is no list. */
  manifest(scope: Organization, sha256: string): Promise<Manifest | null>
  /** The files with the contents that they name. Throws BAD_REQUEST that names those which are not there. */
  files(scope: Organization, contents: Manifest['contents']): Promise<StoredFile[]>
}

/** So many contents are looked up by one statement. */
const askedAtOnce = 5000
/** So many missing files are named. */
const maxToldMissing = 5

export function createVersionContents(files: Pick<FilesService, 'offerByMd5' | 'openContent'>): VersionContents {
  return {
    async manifest(scope, sha256) {
      const opened = await files.openContent(scope, sha256)
      if (!opened) return null
      if (opened.size > maxManifestBytes) {
        opened.content.destroy()
        throw new KirokuError({ code: 'TOO_LARGE', message: `a list of files has at most ${maxManifestBytes} bytes` })
      }
      const pieces: Buffer[] = []
      for await (const piece of opened.content) pieces.push(Buffer.from(piece))
      return parseManifest(Buffer.concat(pieces).toString())
    },

    async files(scope, contents) {
      const uploaded = Object.values(contents).flatMap(({ digest, ref }) => (ref === undefined ? [digest] : []))
      const asked = [...new Set(uploaded)]
      const known = new Map<string, { sha256: string; size: number }>()
      for (let from = 0; from < asked.length; from += askedAtOnce)
        for (const [md5, blob] of await files.offerByMd5(scope, asked.slice(from, from + askedAtOnce)))
          known.set(md5, blob)
      const missing = Object.entries(contents).filter(([, { digest, ref }]) => ref === undefined && !known.has(digest))
      if (missing.length > 0) {
        const named = missing.slice(0, maxToldMissing).map(([path]) => path)
        const others = missing.length > named.length ? ` and ${missing.length - named.length} others` : ''
        throw new KirokuError({
          code: 'BAD_REQUEST',
          message: `the contents of ${named.join(', ')}${others} were not uploaded; log the artifact again`,
        })
      }
      return Object.entries(contents).map(([path, { digest, size, ref }]) => {
        const blob = ref === undefined ? known.get(digest) : undefined
        return { path, digest, size: blob?.size ?? size, sha256: blob?.sha256 ?? null, ref: ref ?? null }
      })
    },
  }
}
