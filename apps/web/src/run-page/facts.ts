import type { RunFile } from '@kiroku/core/files'
import { wellKnownFiles } from '@kiroku/core/files'
import type { Run, RunSegment } from '@kiroku/core/runs'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { formatDuration, formatMoment } from '../format/times.ts'

/**
 * One line of a run's overview: what it is called, how it reads, and the whole of it for copying. `file` is a file of the
 * run that it leads to, `href` another address.
 */
export type Fact = { name: string; text: string; exact: string; file?: string; href?: string }

type Entry = readonly [name: string, text: string | null | undefined, exact?: string]

const facts = (entries: readonly Entry[]): Fact[] =>
  entries.flatMap(([name, text, exact]) => (text == null || text === '' ? [] : [{ name, text, exact: exact ?? text }]))

/**
 * How often a run was gone on with, and how long it rested between its scripts, in milliseconds. `segments` are its
 * stretches, sorted by their start.
 */
export function resumesOf(segments: readonly RunSegment[]): { times: number; restedMs: number } {
  const [first, last] = [segments[0], segments.at(-1)]
  if (first === undefined || last === undefined || segments.length < 2) return { times: 0, restedMs: 0 }
  const ran = last.runtimeBeforeMs - first.runtimeBeforeMs
  return { times: segments.length - 1, restedMs: Math.max(0, last.startedAt - first.startedAt - ran) }
}

/** What a run's resumes amount to, in words; null for a run that went through. */
export function resumedText(segments: readonly RunSegment[]): string | null {
  const { times, restedMs } = resumesOf(segments)
  if (times === 0) return null
  return `${times === 1 ? 'once' : `${formatCount(times)} times`}, it rested ${formatDuration(restedMs)} in between`
}

/** When the run was, and how it ended. */
export function timeFacts(run: Run, segments: readonly RunSegment[] = []): Fact[] {
  return facts([
    ['started', formatMoment(run.startedAt), new Date(run.startedAt).toISOString()],
    run.finishedAt === null
      ? ['last heard of', formatMoment(run.heartbeatAt), new Date(run.heartbeatAt).toISOString()]
      : ['ended', formatMoment(run.finishedAt), new Date(run.finishedAt).toISOString()],
    ['run time', formatDuration(run.runtimeMs), `${run.runtimeMs} ms`],
    ['resumed', run.isShared ? null : resumedText(segments)],
    ['exit code', run.exitCode === null ? null : String(run.exitCode)],
    ['last step', run.lastStep === null ? null : formatCount(run.lastStep), String(run.lastStep)],
    ['writers', run.isShared ? 'shared by several processes' : null],
    ['run id', run.slug],
  ])
}

/** A remote's page in a browser; null for one that has none. */
export function remotePage(remote: string): string | null {
  const [, host, path] =
    /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/]+@)?([\w.-]+\.[a-z]+)[:/](.+?)(?:\.git)?\/?$/i.exec(remote) ?? []
  return host === undefined || path === undefined ? null : `https://${host}/${path}`
}

/** Where the code stood, and what of it the run keeps. */
export function gitFacts({ git }: Pick<Run, 'git'>, files: readonly Pick<RunFile, 'path' | 'size'>[] = []): Fact[] {
  const page = git.remote == null ? null : remotePage(git.remote)
  const stated = facts([
    ['commit', git.commit?.slice(0, 10), git.commit ?? ''],
    ['branch', git.branch],
    ['remote', git.remote],
    ['changes', git.isDirty == null ? null : git.isDirty ? 'not all committed' : 'all committed'],
  ]).map((fact) => (fact.name === 'remote' && page !== null ? { ...fact, href: page } : fact))
  return [...stated, ...files.flatMap(({ path, size }) => keptFact(path, size) ?? [])]
}

function keptFact(path: string, size: number): Fact | null {
  const named = (name: string): Fact => ({ name, text: `${path}, ${formatBytes(size)}`, exact: path, file: path })
  if (path === wellKnownFiles.patch) return named('patch')
  if (wellKnownFiles.upstreamPatch.test(path)) return named('patch upstream')
  return path.startsWith(`${wellKnownFiles.code}/`) ? named('program') : null
}

/** What the run ran on. */
export function hostFacts({ host }: Pick<Run, 'host'>, files: readonly Pick<RunFile, 'path' | 'size'>[] = []): Fact[] {
  const cores = host.cpuCount == null ? '' : `${host.cpuCount} × `
  const packages = files.find(({ path }) => path === wellKnownFiles.packages)
  const stated = facts([
    ['host', host.hostname],
    ['system', host.os],
    ['runtime', host.runtime],
    ['processor', host.cpuModel == null ? null : cores + host.cpuModel],
    ['memory', host.memoryBytes == null ? null : formatBytes(host.memoryBytes), `${host.memoryBytes} bytes`],
    ['program', host.program],
    ['arguments', host.arguments?.join(' ')],
    ['directory', host.directory],
    ['process', host.pid == null ? null : String(host.pid)],
    ['SDK', host.sdk],
  ])
  if (packages === undefined) return stated
  const { path, size } = packages
  return [...stated, { name: 'packages', text: `${path}, ${formatBytes(size)}`, exact: path, file: path }]
}
