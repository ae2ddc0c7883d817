import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, isAbsolute, relative, sep } from 'node:path'
import { wellKnownFiles } from '@kiroku/core/files'

/** A file that a run keeps of the code. */
export type CodeFile = { path: string; mime: string; bytes: Buffer }

/** Node takes a program without its ending, or by its folder. */
const endings = ['', '.js', '.mjs', '.cjs', '.json', '.node', '/index.js']

/**
 * The program, as the file of the run that keeps it: its path is relative to the first of `roots` that it is in. `tooLong`
 * beyond `maxBytes`; undefined when there is none that can be read.
 */
export function readProgram(
  program: string | null,
  roots: readonly string[],
  maxBytes: number,
): CodeFile | 'tooLong' | undefined {
  if (program === null) return undefined
  try {
    const found = endings.map((ending) => program + ending).find(isFile)
    if (found === undefined) return undefined
    const file = realpathSync(found)
    if (statSync(file).size > maxBytes) return 'tooLong'
    const inside = roots.map((root) => relative(realpathSync(root), file)).find(isInside) ?? basename(file)
    return {
      path: `${wellKnownFiles.code}/${inside.split(sep).join('/')}`,
      mime: mimeOf(file),
      bytes: readFileSync(file),
    }
  } catch {
    return undefined
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isInside(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

function mimeOf(path: string): string {
  if (/\.[mc]?tsx?$/.test(path)) return 'text/x-typescript'
  return /\.[mc]?js$/.test(path) ? 'text/javascript' : 'text/plain'
}
