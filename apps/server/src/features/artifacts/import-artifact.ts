import type { ImportArtifactInput, ImportedArtifact } from '@kiroku/core/artifact-records'
import { KirokuError } from '@kiroku/core/errors'
import type { ProjectScope } from '../../http/scopes.ts'
import type { FilesService } from '../files/index.ts'
import type { ImportedArtifacts } from './imported-artifacts.repository.ts'
import { digestOf } from './manifest.ts'
import { createVersionContents } from './version-contents.ts'

type Import = Pick<ImportArtifactInput, 'collection' | 'version'>

/**
 * Takes in a collection, and a version of it under its number, that was made elsewhere: with its own files, whose contents and list
 * must be there, or linked. Throws BAD_REQUEST where files are missing, or are not those of the digest, and as `ImportedArtifacts`.
 */
export function createImport(imports: ImportedArtifacts, storage: Pick<FilesService, 'offerByMd5' | 'openContent'>) {
  const contents = createVersionContents(storage)

  return async (scope: ProjectScope, { collection, version }: Import): Promise<ImportedArtifact> => {
    if (version === null) {
      await imports.collection(scope, collection)
      return { isKnown: true, takenAliases: [] }
    }
    const { made, linked } = version
    const name = `${collection.name}:v${version.version}`
    if (version.version >= collection.nextVersion)
      throw refused(`nextVersion: expected more than ${version.version}, the number of the version that comes with it`)
    if (linked) {
      if (collection.isPortfolio) return imports.linked(scope, collection, version, linked)
      throw refused(`linked: ${collection.name} is no portfolio; expected \`made\``)
    }
    if (made === null || collection.isPortfolio)
      throw refused(`made: ${collection.name} is a portfolio; expected \`linked\``)
    const { digest, manifest: list } = made
    if (await imports.has(scope, collection.name, version.version, digest))
      return imports.made(scope, collection, version, { made, files: null })
    const manifest = await contents.manifest(scope, list.sha256)
    if (manifest === null) throw refused(`the list of the files of ${name} was not uploaded; upload it first`)
    const found = digestOf(manifest.contents)
    if (found !== digest)
      throw refused(`the files that are listed for ${name} have the digest ${found}, not ${digest}; export it again`)
    const files = { digest, manifest: list, files: await contents.files(scope, manifest.contents) }
    return imports.made(scope, collection, version, { made, files })
  }
}

const refused = (message: string): KirokuError => new KirokuError({ code: 'BAD_REQUEST', message })
