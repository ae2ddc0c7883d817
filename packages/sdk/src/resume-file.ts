import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectNameSchema, runSlugSchema } from '@kiroku/core/ids'
import * as z from 'zod'
import { readJsonFile, writeJsonFile } from './json-file.ts'

const resumeFileSchema = z.object({ project: projectNameSchema, id: runSlugSchema })

/** The run that a script with `resume: 'auto'` was writing to in this directory of local data. */
export type ResumeFile = z.infer<typeof resumeFileSchema>

/** Where it is noted. */
export const resumePath = (root: string): string => join(root, 'resume.json')

/** The run that was interrupted in a directory of local data; undefined when none was. Throws nothing: a broken note is none. */
export function readResumeFile(root: string): ResumeFile | undefined {
  try {
    return readJsonFile(resumePath(root), resumeFileSchema, 'delete it')
  } catch {
    return undefined
  }
}

/** Notes the run that is to go on if it is interrupted. Throws `KirokuError` when that cannot be written. */
export function writeResumeFile(root: string, run: ResumeFile): void {
  writeJsonFile(resumePath(root), run)
}

/** Forgets it; with `id` only if the note is about that run. */
export function removeResumeFile(root: string, id?: string): void {
  try {
    if (id === undefined || readResumeFile(root)?.id === id) rmSync(resumePath(root), { force: true })
  } catch {
    // A note that cannot be removed is at worst taken up by the next script that asks for it.
  }
}
