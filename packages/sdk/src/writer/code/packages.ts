import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PackageList } from '@kiroku/core/files'
import * as z from 'zod'

const rangesSchema = z.record(z.string(), z.unknown()).catch({})

const manifestSchema = z.object({
  dependencies: rangesSchema,
  devDependencies: rangesSchema,
  optionalDependencies: rangesSchema,
  peerDependencies: rangesSchema,
})

const installedSchema = z.object({ version: z.string() })

/** A name that names a package and no other place on the disk. */
const packageName = /^(?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~_-][\w.~-]*$/i

/**
 * The packages that a program's nearest `package.json` asks for, in the versions that are installed, and Node's. What is not installed
 * is left out. Undefined when no `package.json` can be read.
 */
export function readPackages(program: string | null, directory: string): PackageList | undefined {
  const start = program === null ? directory : dirname(resolved(program))
  for (const at of upwards(start)) {
    const manifest = readJson(join(at, 'package.json'), manifestSchema)
    if (manifest === undefined) continue
    const names = Object.values(manifest).flatMap((ranges) => Object.keys(ranges))
    const packages = [...new Set(names)].sort().flatMap((name) => {
      const version = packageName.test(name) ? installedVersion(name, at) : undefined
      return version === undefined ? [] : [[name, version] as const]
    })
    return { node: process.versions.node, packages: Object.fromEntries(packages) }
  }
  return undefined
}

function resolved(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function upwards(directory: string): string[] {
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...upwards(above)]
}

function installedVersion(name: string, from: string): string | undefined {
  for (const at of upwards(from)) {
    const installed = readJson(join(at, 'node_modules', name, 'package.json'), installedSchema)
    if (installed !== undefined) return installed.version
  }
  return undefined
}

function readJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
