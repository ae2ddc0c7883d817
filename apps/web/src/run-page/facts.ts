import type { Run } from '@kiroku/core/runs'
import { formatBytes, formatCount } from '../format/numbers.ts'
import { formatDuration, formatMoment } from '../format/times.ts'

/** One line of a run's overview: what it is called, how it reads, and the whole of it for copying. */
export type Fact = { name: string; text: string; exact: string }

type Entry = readonly [name: string, text: string | null | undefined, exact?: string]

const facts = (entries: readonly Entry[]): Fact[] =>
  entries.flatMap(([name, text, exact]) => (text == null || text === '' ? [] : [{ name, text, exact: exact ?? text }]))

/** When the run was, and how it ended. */
export function timeFacts(run: Run): Fact[] {
  const end = run.finishedAt ?? run.heartbeatAt
  return facts([
    ['started', formatMoment(run.startedAt), new Date(run.startedAt).toISOString()],
    run.finishedAt === null
      ? ['last heard of', formatMoment(run.heartbeatAt), new Date(run.heartbeatAt).toISOString()]
      : ['ended', formatMoment(run.finishedAt), new Date(run.finishedAt).toISOString()],
    ['duration', formatDuration(end - run.startedAt), `${end - run.startedAt} ms`],
    ['exit code', run.exitCode === null ? null : String(run.exitCode)],
    ['last step', run.lastStep === null ? null : formatCount(run.lastStep), String(run.lastStep)],
    ['run id', run.slug],
  ])
}

/** Where the code stood. */
export function gitFacts({ git }: Run): Fact[] {
  return facts([
    ['commit', git.commit?.slice(0, 10), git.commit ?? ''],
    ['branch', git.branch],
    ['remote', git.remote],
    ['changes', git.isDirty == null ? null : git.isDirty ? 'not all committed' : 'all committed'],
  ])
}

/** What the run ran on. */
export function hostFacts({ host }: Run): Fact[] {
  const cores = host.cpuCount == null ? '' : `${host.cpuCount} × `
  return facts([
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
}
