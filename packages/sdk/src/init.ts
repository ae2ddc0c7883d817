import { KirokuError } from '@kiroku/core/errors'
import { newWriterId } from '@kiroku/core/ids'
import { cleanText, isRecord, toWireRecord, type Value } from '@kiroku/core/values'
import { askServer, asksServer, withKnown } from './asked-server.ts'
import { WriterChannel } from './channel.ts'
import { RunConsole } from './console/run-console.ts'
import { configValues, declared } from './declared.ts'
import { sdkEnv } from './env.ts'
import type { SdkEnv } from './env-schema.ts'
import { checkOptions } from './known-options.ts'
import { endWithProcess, forgetAtExit } from './lifecycle.ts'
import { RecordEncoder } from './log/record-encoder.ts'
import { tell } from './messages.ts'
import { observed } from './observed.ts'
import { removeResumeFile, writeResumeFile } from './resume-file.ts'
import { Run } from './run.ts'
import { noLink, WriterLink, type WriterLinkOptions } from './run-link.ts'
import type { RunParts } from './run-parts.ts'
import {
  cleanLabels,
  makeRunDirectory,
  type RunOptions,
  resolveDestination,
  resolveSettings,
  type Settings,
  settingsOfFiles,
} from './settings.ts'
import { type FileSettings, workingDirectory, workspaceDirectory } from './settings-file.ts'
import type { CheckedConfig, CheckedSteps, ConfigOf, MetricMap, OpenMetrics } from './typed.ts'
import { toValue } from './wire-value.ts'
import { type OpenRunInput, openKind } from './writer/protocol.ts'

/** What `init()` takes: the run's options, its config and the metrics that it declares. */
export type InitOptions<Config, Metrics> = RunOptions & {
  /** Values; or the path of a JSON file of them; or a zod schema that has a default for everything; or `{ schema, values }`. */
  config?: (Config & CheckedConfig<Config>) | string
  /** The metrics that may be logged. Without it anything may. */
  metrics?: Metrics & CheckedSteps<Metrics>
}

const knownOptions: Readonly<Record<keyof InitOptions<object, MetricMap>, true>> = {
  project: true,
  id: true,
  name: true,
  config: true,
  metrics: true,
  group: true,
  jobType: true,
  notes: true,
  tags: true,
  dir: true,
  mode: true,
  url: true,
  apiKey: true,
  resume: true,
  resumeFrom: true,
  forkFrom: true,
  shared: true,
  label: true,
  allowValChange: true,
  console: true,
}

let channel: WriterChannel | undefined
const active = new Set<string>()

/**
 * Begins a run and answers it at once: the server is told in the background, and an unreachable one keeps nothing from
 * going on. Throws `KirokuError` for a caller's mistake only, such as a name that cannot be one.
 */
export function startRun<
  Config extends object = Record<string, unknown>,
  const Metrics extends MetricMap = OpenMetrics,
>(options: InitOptions<Config, Metrics> = {}): Run<Metrics, ConfigOf<Config>> {
  checkOptions('init', options, knownOptions)
  const env = sdkEnv()
  const warn = (text: string): void => {
    if (!env.KIROKU_SILENT) tell([text])
  }
  const root = workspaceDirectory(env, options.dir)
  const files = settingsOfFiles(env, root, warn)
  const settings = resolveSettings(options, env, { files, root, warn })
  const config = configValues(options.config)
  const { definitions, schemas } = declared(options.metrics ?? {})
  const address = `${settings.project}/${settings.id}`
  if (active.has(address)) {
    throw new KirokuError({ code: 'CONFLICT', message: `init: this script is writing to run ${settings.id} already` })
  }
  const labels = cleanLabels({
    ...(settings.name !== undefined && { displayName: settings.name }),
    ...(settings.group !== undefined && { group: settings.group }),
    ...(settings.jobType !== undefined && { jobType: settings.jobType }),
    ...(settings.notes !== undefined && { notes: settings.notes }),
    ...(settings.tags !== undefined && { tags: settings.tags }),
  })
  const parts: Omit<RunParts, 'link'> = {
    id: settings.id,
    project: settings.project,
    labels,
    config,
    definitions,
    schemas,
    allowValChange: settings.allowValChange,
    isShared: settings.shared,
  }
  if (settings.mode === 'disabled') return new Run({ ...parts, link: noLink })
  const startedAt = new Date()
  const place = makeRunDirectory(root, { id: settings.id, now: startedAt, warn })
  if (place === undefined) return new Run({ ...parts, link: noLink })
  const writer = openChannel()
  const isQuiet = (env.KIROKU_QUIET ?? files.quiet ?? false) || env.KIROKU_SILENT
  const { link, isOnline } = openLink(parts, settings, {
    options,
    env,
    files,
    isQuiet,
    place,
    startedAt,
    warn,
    writer,
    onEnded: (exitCode) => {
      active.delete(address)
      if (settings.isAutomatic && exitCode === 0) removeResumeFile(root, settings.id)
    },
    onSettled: () => forgetAtExit(run),
  })
  const answer = asksServer(settings)
    ? askServer(link, settings, {
        timeoutMs: env.KIROKU_INIT_TIMEOUT * 1000,
        isOnline,
        warn,
        tell: (text) => isQuiet || tell([text]),
      })
    : null
  noteForResume(root, settings, warn)
  const printed = settings.console ? new RunConsole(link.send) : undefined
  const run = new Run<Metrics, ConfigOf<Config>>({
    ...withKnown(parts, answer),
    link,
    onEnding: () => printed?.close(),
  })
  active.add(address)
  endWithProcess(run, writer)
  return run
}

/** Notes a run that goes on by itself if it is interrupted; one that asks for nothing of the kind forgets what was noted. */
function noteForResume(root: string, settings: Settings, warn: (text: string) => void): void {
  const { project, id, resume, isAutomatic } = settings
  if (resume === undefined) removeResumeFile(root)
  if (!isAutomatic) return
  try {
    writeResumeFile(root, { project, id })
  } catch (cause) {
    warn(`run ${id} will not go on by itself (${cause instanceof Error ? cause.message : cause})`)
  }
}

function openChannel(): WriterChannel {
  channel ??= new WriterChannel((why) =>
    tell([`the thread that writes local data ended (${why}); nothing more is recorded`]),
  )
  return channel
}

type LinkContext = Pick<WriterLinkOptions, 'onEnded' | 'onSettled'> & {
  options: RunOptions
  env: SdkEnv
  files: FileSettings
  isQuiet: boolean
  place: { root: string; directory: string }
  startedAt: Date
  warn: (text: string) => void
  writer: WriterChannel
}

function openLink(
  { labels, config, definitions }: Omit<RunParts, 'link'>,
  settings: Settings,
  { options, env, files, isQuiet, place, startedAt, warn, writer, onEnded, onSettled }: LinkContext,
): { link: WriterLink; isOnline: boolean } {
  const { root, directory } = place
  const destination =
    settings.mode === 'online' ? resolveDestination(options, env, warn, files) : { url: null, apiKey: null }
  const isOnline = destination.apiKey !== null
  const link = new WriterLink({
    channel: writer,
    directory,
    isOnline,
    isQuiet,
    isSilent: env.KIROKU_SILENT,
    isShared: settings.shared,
    finishTimeoutMs: env.KIROKU_FINISH_TIMEOUT * 1000,
    onEnded,
    onSettled,
  })
  const message: OpenRunInput = {
    directory,
    root,
    apiKey: destination.apiKey,
    header: {
      v: 1,
      url: destination.url,
      create: {
        project: settings.project,
        run: settings.id,
        writer: newWriterId(),
        startedAt: startedAt.getTime(),
        ...labels,
        ...(settings.resume !== undefined && { resume: settings.resume }),
        ...(settings.rewind !== undefined && { rewind: { step: settings.rewind.step } }),
        ...(settings.fork !== undefined && { fork: settings.fork }),
        ...(settings.label !== undefined && { label: cleanText(settings.label) }),
        shared: settings.shared,
        config: toWireRecord(cleanConfig(config)),
        definitions,
      },
    },
    ...observed(env, settings),
    isQuiet,
    script: { program: process.argv[1] ?? null, arguments: process.argv.slice(2), directory: workingDirectory() },
  }
  const payload = new RecordEncoder().json(openKind, message)
  if (payload === undefined)
    throw new KirokuError({ code: 'TOO_LARGE', message: 'init: the config is longer than 16 MiB' })
  link.send(payload)
  if (!isQuiet) tell(startLines(settings, directory, destination))
  return { link, isOnline }
}

function startLines(
  { mode }: Settings,
  directory: string,
  { url, apiKey }: { url: string | null; apiKey: string | null },
): string[] {
  if (mode === 'offline') {
    return [`offline: the run is kept in ${directory} (\`kiroku sync\` sends it, \`kiroku online\` turns sending on)`]
  }
  if (apiKey !== null) return [`local data: ${directory}`]
  return [`no API key for ${url} (\`kiroku login\`, or KIROKU_API_KEY); the run is kept in ${directory}`]
}

function cleanConfig(config: Readonly<Record<string, unknown>>): Record<string, Value> {
  const cleaned = toValue(config)
  return isRecord(cleaned) ? cleaned : {}
}
