import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Caller } from './factories.ts'

/** An artifact to be logged as `wandb` clients do it: `files` by path; `refs` are addresses by path. */
export type LoggedArtifact = {
  organization: string
  project: string
  name: string
  type?: string
  run?: string
  aliases?: readonly string[]
  metadata?: Record<string, unknown>
  description?: string
  files?: Readonly<Record<string, string>>
  refs?: Readonly<Record<string, string>>
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
})

/** Posts a GraphQL document as a `wandb` client does. Throws with the server's message. */
export async function askWandb<T>(caller: Caller, schema: z.ZodType<T>, query: string, variables: object): Promise<T> {
  const answer = await fetch(`${caller.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = answerSchema.parse(await answer.json())
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '))
  return schema.parse(data)
}

const createdSchema = z.object({
  createArtifact: z.object({ artifact: z.object({ id: z.string(), state: z.string() }) }),
})
const filesSchema = z.object({
  createArtifactFiles: z.object({
    files: z.object({
      edges: z.array(
        z.object({
          node: z.object({ name: z.string(), uploadUrl: z.string().nullable(), uploadHeaders: z.array(z.string()) }),
        }),
      ),
    }),
  }),
})
const manifestSchema = z.object({
  createArtifactManifest: z.object({
    artifactManifest: z.object({
      id: z.string(),
      file: z.object({ uploadUrl: z.string(), uploadHeaders: z.array(z.string()) }),
    }),
  }),
})

const documents = {
  create: 'mutation($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id state } } }',
  manifest: `mutation($input: CreateArtifactManifestInput!) {
    createArtifactManifest(input: $input) { artifactManifest { id file { uploadUrl uploadHeaders } } }
  }`,
  files: `mutation($input: CreateArtifactFilesInput!) {
    createArtifactFiles(input: $input) { files { edges { node { name uploadUrl uploadHeaders } } } }
  }`,
  commit: 'mutation($input: CommitArtifactInput!) { commitArtifact(input: $input) { artifact { id digest } } }',
}

/** The MD5 of a text in base64. */
export const md5Of = (text: string): string => createHash('md5').update(text).digest('base64')

/** The digest of files, by the MD5 of each or what a client told of it. */
export function artifactDigest(digests: Readonly<Record<string, string>>): string {
  const hash = createHash('md5').update('wandb-artifact-manifest-v1\n')
  for (const [path, digest] of Object.entries(digests).sort(([one], [other]) => (one < other ? -1 : 1)))
    hash.update(`${path}:${digest}\n`)
  return hash.digest('hex')
}

/** PUTs to where the server told to. */
export function putTo(url: string, headers: readonly string[], body: string): Promise<Response> {
  const pairs = headers.map((header): [string, string] => {
    const at = header.indexOf(':')
    return [header.slice(0, at), header.slice(at + 1)]
  })
  return fetch(url, { method: 'PUT', headers: Object.fromEntries(pairs), body })
}

/** Logs an artifact; answers its id, whether it was there before, and which files had to be uploaded. */
export async function logArtifact(
  caller: Caller,
  logged: LoggedArtifact,
): Promise<{ id: string; isKnown: boolean; uploaded: string[] }> {
  const { organization, project, name, type = 'dataset', run, aliases = [], files = {}, refs = {} } = logged
  const contents = {
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, { digest: md5Of(text), size: Buffer.byteLength(text) }]),
    ),
    ...Object.fromEntries(Object.entries(refs).map(([path, ref]) => [path, { digest: ref, size: 0, ref }])),
  }
  const digest = artifactDigest(
    Object.fromEntries(Object.entries(contents).map(([path, entry]) => [path, entry.digest])),
  )
  const { createArtifact } = await askWandb(caller, createdSchema, documents.create, {
    input: {
      entityName: organization,
      projectName: project,
      artifactTypeName: type,
      artifactCollectionName: name,
      runName: run ?? null,
      digest,
      description: logged.description ?? null,
      metadata: logged.metadata ? JSON.stringify(logged.metadata) : null,
      aliases: aliases.map((alias) => ({ artifactCollectionName: name, alias })),
    },
  })
  const { id, state } = createArtifact.artifact
  if (state === 'COMMITTED') return { id, isKnown: true, uploaded: [] }
  const uploaded = await uploadFiles(caller, id, files)
  await uploadManifest(caller, id, contents)
  await askWandb(caller, z.unknown(), documents.commit, { input: { artifactID: id } })
  return { id, isKnown: false, uploaded }
}

async function uploadFiles(caller: Caller, id: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const artifactFiles = Object.entries(files).map(([path, text]) => ({ artifactID: id, name: path, md5: md5Of(text) }))
  const asked = await askWandb(caller, filesSchema, documents.files, { input: { artifactFiles } })
  const uploaded: string[] = []
  for (const { node } of asked.createArtifactFiles.files.edges) {
    if (node.uploadUrl === null) continue
    const answer = await putTo(node.uploadUrl, node.uploadHeaders, files[node.name] ?? '')
    if (!answer.ok) throw new Error(await answer.text())
    uploaded.push(node.name)
  }
  return uploaded
}

/** Has a run use an artifact. */
export async function useArtifact(
  caller: Caller,
  used: { organization: string; project: string; run: string; id: string },
): Promise<void> {
  const { organization, project, run, id } = used
  const document = 'mutation($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }'
  const input = { entityName: organization, projectName: project, runName: run, artifactID: id }
  await askWandb(caller, z.unknown(), document, { input })
}

/** Uploads the list of an artifact's files. */
export async function uploadManifest(
  caller: Caller,
  artifactID: string,
  contents: object,
  announced: { type?: string; baseArtifactID?: string } = {},
): Promise<void> {
  const text = JSON.stringify({
    version: 1,
    storagePolicy: 'wandb-storage-policy-v1',
    storagePolicyConfig: {},
    contents,
  })
  const { createArtifactManifest } = await askWandb(caller, manifestSchema, documents.manifest, {
    input: { artifactID, name: 'wandb_manifest.json', type: 'FULL', digest: md5Of(text), ...announced },
  })
  const { uploadUrl, uploadHeaders } = createArtifactManifest.artifactManifest.file
  const answer = await putTo(uploadUrl, uploadHeaders, text)
  if (!answer.ok) throw new Error(await answer.text())
}
