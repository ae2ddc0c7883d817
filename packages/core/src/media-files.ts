import * as z from 'zod'
import { filePathSchema, sha256Schema } from './files.ts'

/** A content of the run that a logged value is shown by. `size` in bytes. */
export const storedMediaSchema = z.object({
  path: filePathSchema,
  sha256: sha256Schema,
  size: z.number().int().nonnegative(),
})

const captionSchema = z.string().nullish()
const loggedFileSchema = storedMediaSchema.extend({ caption: captionSchema })
const captionsSchema = z.union([z.literal(false), z.array(z.string().nullable())]).nullish()

/** A sound, film, page, figure or model, logged at a step: a file of the run, kept as the client told of it. */
export const mediaFileValueSchema = loggedFileSchema.extend({
  _type: z.literal([
    'audio-file',
    'video-file',
    'html-file',
    'plotly-file',
    'object3D-file',
    'molecule-file',
    'bokeh-file',
    'graph-file',
  ]),
})

/** Several of them, logged together. Lists of 3D objects and molecules tell of their files by path alone. */
export const mediaFilesValueSchema = z.discriminatedUnion('_type', [
  z.object({ _type: z.literal('audio'), audio: z.array(loggedFileSchema), captions: captionsSchema }),
  z.object({ _type: z.literal('videos'), videos: z.array(loggedFileSchema), captions: captionsSchema }),
  z.object({ _type: z.literal('html'), html: z.array(loggedFileSchema) }),
  z.object({ _type: z.literal('object3D'), filenames: z.array(filePathSchema) }),
  z.object({ _type: z.literal('molecule'), filenames: z.array(filePathSchema), captions: captionsSchema }),
])

/** A logged file, or several, in wire form. */
export const mediaFilesSchema = z.union([mediaFileValueSchema, mediaFilesValueSchema])
export type MediaFilesValue = z.infer<typeof mediaFilesSchema>

const kindByType = {
  'audio-file': 'audio',
  'video-file': 'video',
  'html-file': 'html',
  'plotly-file': 'plotly',
  'object3D-file': 'object3d',
  'molecule-file': 'molecule',
  'bokeh-file': 'bokeh',
  'graph-file': 'graph',
} as const satisfies Record<z.infer<typeof mediaFileValueSchema>['_type'], string>

/** What logged files are. */
export type MediaFileKind = (typeof kindByType)[keyof typeof kindByType]

/** One of the files that a value was logged with. `size` in bytes, null where the client did not tell it. */
export type MediaFile = { path: string; size: number | null; caption: string | null }

/** What a value's files are, and the files in their order. */
export function mediaFilesOf(value: MediaFilesValue): { kind: MediaFileKind; files: MediaFile[] } {
  switch (value._type) {
    case 'audio':
      return { kind: 'audio', files: captioned(value.audio, value.captions) }
    case 'videos':
      return { kind: 'video', files: captioned(value.videos, value.captions) }
    case 'html':
      return { kind: 'html', files: captioned(value.html, null) }
    case 'object3D':
      return { kind: 'object3d', files: captioned(named(value.filenames), null) }
    case 'molecule':
      return { kind: 'molecule', files: captioned(named(value.filenames), value.captions) }
    default:
      return { kind: kindByType[value._type], files: captioned([value], null) }
  }
}

type Told = { path: string; size?: number; caption?: string | null | undefined }

const named = (paths: readonly string[]): Told[] => paths.map((path) => ({ path }))

function captioned(files: readonly Told[], captions: z.infer<typeof captionsSchema>): MediaFile[] {
  return files.map(({ path, size, caption }, index) => ({
    path,
    size: size ?? null,
    caption: caption || (captions ? captions[index] : null) || null,
  }))
}
