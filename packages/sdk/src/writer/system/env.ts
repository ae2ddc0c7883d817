import { delimiter } from 'node:path'
import * as z from 'zod'

const searchPathSchema = z.object({ PATH: z.string().default(''), Path: z.string().default('') })

/** The directories that programs are looked for in. */
export function searchPath(): string[] {
  const { PATH, Path } = searchPathSchema.parse(process.env)
  return (PATH || Path).split(delimiter).filter((directory) => directory !== '')
}
