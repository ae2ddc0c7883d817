import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import type * as z from 'zod'

/**
 * What a JSON file holds; undefined where there is none. Throws `KirokuError` FORBIDDEN when it cannot be read, BAD_REQUEST
 * with `advice` when it is not what the schema says.
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>, advice: string): T | undefined {
  const text = readIfThere(path)
  if (text === undefined) return undefined
  const place = `${path} (${advice})`
  const value = parseJson(text)
  if (value === undefined) throw new KirokuError({ code: 'BAD_REQUEST', message: `${place}: it is not JSON` })
  return parseInput(schema, value, place)
}

/** Replaces a JSON file as a whole, readable by its owner only. Throws `KirokuError` FORBIDDEN when it cannot be written. */
export function writeJsonFile(path: string, value: unknown): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    replaceFile(path, `${JSON.stringify(value, null, 2)}\n`)
  } catch (cause) {
    throw new KirokuError({ code: 'FORBIDDEN', message: `Cannot write ${path}: ${messageOf(cause)}`, cause })
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function replaceFile(path: string, text: string): void {
  const next = `${path}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(next, text, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(next, path)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) {
      return undefined
    }
    throw new KirokuError({ code: 'FORBIDDEN', message: `Cannot read ${path}: ${messageOf(cause)}`, cause })
  }
}
