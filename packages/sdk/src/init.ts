import { KirokuError, parseInput } from '@kiroku/core/errors'
import { newWriterId } from '@kiroku/core/ids'
import { type MetricDefinition, metricDefinitionSchema } from '@kiroku/core/metrics'
import { createRunInputSchema } from '@kiroku/core/runs'
import { isRecord, toWireRecord, type Value } from '@kiroku/core/values'
import type * as z from 'zod'
import { WriterChannel } from './channel.ts'
import { RunConsole } from './console/run-console.ts'
import { definitionOf } from './define-metric.ts'
import { sdkEnv } from './env.ts'
import type { SdkEnv } from './env-schema.ts'
import { endWithProcess, forgetAtExit } from './lifecycle.ts'
import { RecordEncoder } from './log/record-encoder.ts'
import { tell } from './messages.ts'
import { observed } from './observed.ts'
import { Run, type RunParts } from './run.ts'
import { noLink, type RunLink, WriterLink, type WriterLinkOptions } from './run-link.ts'
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
import {
  type CheckedConfig,
  type CheckedSteps,
  type ConfigOf,
  isSchema,
  type MetricMap,
  type OpenMetrics,
} from './typed.ts'
import { toValue } from './wire-value.ts'
import { type OpenRunInput, openKind } from './writer/protocol.ts'

/** What `init()` takes: the run's options, its config and the metrics that it declares. */
export type InitOptions<Config, Metrics> = RunOptions & {
  /** Values; or a zod schema that has a default for everything; or `{ schema, values }`. */
  config?: Config & CheckedConfig<Config>
  /** The metrics that may be logged. Without it anything may. */
  metrics?: Metrics & CheckedSteps<Metrics>
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
  }
  if (settings.mode === 'disabled') return new Run({ ...parts, link: noLink })
  const startedAt = new Date()
  const place = makeRunDirectory(root, { id: settings.id, now: startedAt, warn })
  if (place === undefined) return new Run({ ...parts, link: noLink })
  const writer = openChannel()
  const link = openLink(parts, settings, {
    options,
    env,
    files,
    place,
    startedAt,
    warn,
    writer,
    onEnded: () => active.delete(address),
    onSettled: () => forgetAtExit(run),
  })
  const printed = settings.console ? new RunConsole(link.send) : undefined
  const run = new Run<Metrics, ConfigOf<Config>>({ ...parts, link, onEnding: () => printed?.close() })
  active.add(address)
  endWithProcess(run, writer)
  return run
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
  place: { root: string; directory: string }
  startedAt: Date
  warn: (text: string) => void
  writer: WriterChannel
}

function openLink(
  { labels, config, definitions }: Omit<RunParts, 'link'>,
  settings: Settings,
  { options, env, files, place: { root, directory }, startedAt, warn, writer, onEnded, onSettled }: LinkContext,
): RunLink {
  const isOnline = settings.mode === 'online'
  const isSilent = env.KIROKU_SILENT
  const destination = isOnline ? resolveDestination(options, env, warn, files) : { url: null, apiKey: null }
  const isQuiet = (env.KIROKU_QUIET ?? files.quiet ?? false) || isSilent
  const link = new WriterLink({
    channel: writer,
    directory,
    isOnline: isOnline && destination.apiKey !== null,
    isQuiet,
    isSilent,
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
  return link
}

function startLines(
  { mode }: Settings,
  directory: string,
  { url, apiKey }: { url: string | null; apiKey: string | null },
): string[] {
  if (mode === 'offline') return [`offline: the run is kept in ${directory}`]
  if (apiKey !== null) return [`local data: ${directory}`]
  return [`no API key for ${url} (\`kiroku login\`, or KIROKU_API_KEY); the run is kept in ${directory}`]
}

/** The config's values, checked by its schema where it has one. */
function configValues(config: unknown): Record<string, unknown> {
  if (config === undefined) return {}
  if (isSchema(config)) return recordOf(parseInput(config, {}, 'init: config'))
  if (isRecord(config) && isSchema(config['schema']) && 'values' in config) {
    return recordOf(parseInput(config['schema'], config['values'], 'init: config'))
  }
  return recordOf(config)
}

function recordOf(config: unknown): Record<string, unknown> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config }
  throw new KirokuError({ code: 'BAD_REQUEST', message: 'init: config must be a record such as { learningRate: 0.1 }' })
}

function cleanConfig(config: Readonly<Record<string, unknown>>): Record<string, Value> {
  const cleaned = toValue(config)
  return isRecord(cleaned) ? cleaned : {}
}

const definitionsSchema = createRunInputSchema.shape.definitions

function declared(metrics: MetricMap): { definitions: MetricDefinition[]; schemas: Map<string, z.ZodType> } {
  const schemas = new Map<string, z.ZodType>()
  const definitions = Object.entries(metrics).map(([name, { options, schema }]) => {
    if (schema !== undefined) schemas.set(name, schema)
    const { step, ...rest } = options
    if (step !== undefined && !Object.hasOwn(metrics, step)) {
      throw new KirokuError({
        code: 'BAD_REQUEST',
        message: `init: metrics: ${name} has ${step} as its step, which is not a declared metric`,
      })
    }
    const definition = definitionOf(name, { ...rest, ...(step !== undefined && { stepMetric: step }) })
    return parseInput(metricDefinitionSchema, definition, 'init: metrics')
  })
  return { definitions: parseInput(definitionsSchema, definitions, 'init: metrics'), schemas }
}
