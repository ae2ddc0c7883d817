import { createHash } from 'node:crypto'
import { artifactPathSchema, maxArtifactFiles, md5Schema } from '@kiroku/core/artifacts'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import * as z from 'zod'

const sizeSchema = z.number().int().nonnegative().default(0)

/** A file as a manifest has it: a content by its MD5, or, with `ref`, something that is kept elsewhere. */
const entrySchema = z
  .object({
    digest: z.string().min(1).max(1024),
    size: sizeSchema.nullable().transform((size) => size ?? 0),
    ref: z.string().min(1).max(4096).optional(),
    birthArtifactID: z.string().max(256).optional(),
    extra: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ digest, ref }) => ref !== undefined || md5Schema.safeParse(digest).success, {
    path: ['digest'],
    message: 'the digest of a file that is uploaded is its MD5 in base64',
  })
export type ManifestEntry = z.infer<typeof entrySchema>

/** A list of files as `wandb` clients write it, whose form Kiroku keeps. */
const manifestSchema = z.object({
  version: z.literal(1),
  storagePolicy: z.string().max(128),
  storagePolicyConfig: z.record(z.string(), z.unknown()).default({}),
  // Keys are checked apart, so that the refusal says what is wrong with one.
  contents: z.record(z.string(), entrySchema).superRefine((contents, context) => {
    for (const path of Object.keys(contents)) {
      const wrong = artifactPathSchema.safeParse(path).error?.issues[0]
      if (wrong) context.addIssue({ code: 'custom', path: [path], message: wrong.message, input: path })
    }
  }),
})
export type Manifest = z.infer<typeof manifestSchema>

/** Throws BAD_REQUEST that names the entry. */
export function parseManifest(text: string): Manifest {
  const manifest = parseInput(manifestSchema, parseJson(text), 'manifest')
  const count = Object.keys(manifest.contents).length
  if (count > maxArtifactFiles)
    throw new KirokuError({
      code: 'TOO_LARGE',
      message: `the artifact has ${count} files; a version has at most ${maxArtifactFiles}: pack small ones together`,
    })
  return manifest
}

/** The digest of all files together: the MD5, in hexadecimal digits, of their paths and digests in the order of paths. */
export function digestOf(contents: Manifest['contents']): string {
  const hash = createHash('md5').update('wandb-artifact-manifest-v1\n')
  const lines = Object.entries(contents).map(([path, { digest }]) => ({ path: Buffer.from(path), digest }))
  lines.sort((left, right) => Buffer.compare(left.path, right.path))
  for (const { path, digest } of lines) hash.update(path).update(`:${digest}\n`)
  return hash.digest('hex')
}

/** One list of several: a path that more than one has is what the last of them says. */
export function mergeManifests(base: Manifest['contents'], manifests: readonly Manifest[]): Manifest {
  const last = manifests.at(-1)
  if (!last) throw new KirokuError({ code: 'INTERNAL', message: 'there is no manifest to merge' })
  const contents = Object.assign({}, base, ...manifests.map((manifest) => manifest.contents))
  return { ...last, contents: z.record(z.string(), entrySchema).parse(contents) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KirokuError({ code: 'BAD_REQUEST', message: 'manifest: it is no JSON', cause })
  }
}
