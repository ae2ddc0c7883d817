import * as z from 'zod'
import { isStorableText } from './values.ts'

/** The largest file that a run may have, in bytes. */
export const maxFileBytes = 256 * 1024 * 1024

/** The SHA-256 of a content, as 64 hexadecimal digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 hexadecimal digits')

/** Where a file is among its run's files: names parted by `/`, none of them empty, `.` or `..`. */
export const filePathSchema = z
  .string()
  .min(1)
  .max(512, 'a file path has at most 512 characters')
  .refine(isStorableText, 'a file path must be well-formed text without NUL')
  .refine((path) => !path.includes('\\'), 'a file path has / between its names')
  .refine(
    (path) => path.split('/').every((name) => name !== '' && name !== '.' && name !== '..'),
    'a file path must be relative, without empty names, . or ..',
  )

/** A file of a run. `size` in bytes; `mime` such as `image/png`. */
export const fileFactsSchema = z.object({
  path: filePathSchema,
  sha256: sha256Schema,
  size: z.number().int().nonnegative().max(maxFileBytes),
  mime: z
    .string()
    .max(128)
    .regex(/^[\w.+-]+\/[\w.+-]+(; ?[\w=-]+)?$/, 'a MIME type looks like image/png'),
})
export type FileFacts = z.infer<typeof fileFactsSchema>

/** A file as it is listed. `createdAt` is unix milliseconds. */
export const runFileSchema = fileFactsSchema.extend({ createdAt: z.number() })
export type RunFile = z.infer<typeof runFileSchema>

/** The name under which what a run printed is saved, below the run's own. */
export const consoleFileName = 'output.log'

/** The names that Kiroku itself gives to files of a run. */
export const wellKnownFiles = {
  /** What differed from the commit when the run began. */
  patch: 'diff.patch',
  /** What differed from the upstream branch's commit, which the name holds: `diff_<sha>.patch`. */
  upstreamPatch: /^(?:upstream_)?diff_([0-9a-f]{40,64})\.patch$/,
  packages: 'packages.json',
  /** The script itself is below this folder. */
  code: 'code',
  media: 'media',
} as const

/** What the file `wellKnownFiles.packages` holds: Node's version, and the installed version of each package by its name. */
export const packageListSchema = z.object({ node: z.string(), packages: z.record(z.string(), z.string()) })
export type PackageList = z.infer<typeof packageListSchema>
