import { KirokuError, parseInput } from '@kiroku/core/errors'
import { type CreateRunInput, createRunInputSchema } from '@kiroku/core/runs'
import { parseExtendedRecord } from '@kiroku/wandb-format/extended-json'
import { readConfigFacts } from '@kiroku/wandb-format/run-config'
import { toWireDocument } from '@kiroku/wandb-format/wire'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import type { ProjectsRepository } from '../../projects/index.ts'
import type { RunsRepository, StartRunService } from '../../runs/index.ts'
import { type Position, startingPosition } from '../position.ts'
import { changedDefinitions } from './changed-definitions.ts'
import { mergeInternal } from './internal-config.ts'
import { firstFacts, labelsOf, type ReadConfig, readConfig } from './run-config.ts'
import type { RunLookup } from './run-lookup.ts'
import { writerOf } from './session.ts'
import { nameOfKey, readWireSummary, summaryChange } from './summary-change.ts'
import type { UpsertInput } from './upsert-input.ts'
import type { WandbFacts, WandbRun } from './wandb-run.ts'
import type { StreamWriter, WandbRunsRepository } from './wandb-runs.repository.ts'

/** A run after an upsert. `historyLineCount` is the line that its process begins with: not 0 for a fork or a resumed run. */
export type UpsertedRun = { scope: ProjectScope; run: WandbRun; historyLineCount: number; isNew: boolean }

export type UpsertRun = {
  /**
   * Makes a run, takes in the process that begins to write to it, or changes it; the same again changes nothing. `client` is the
   * process among several that write at once. Throws BAD_REQUEST and CONFLICT as `StartRunService` does.
   */
  upsert(organization: OrganizationScope, input: UpsertInput, client: string | null): Promise<UpsertedRun>
  /** Removes what the run logged after `step`, for the process that goes on there. Throws NOT_FOUND and CONFLICT. */
  rewind(organization: OrganizationScope, asked: { project: string; run: string; step: number }): Promise<UpsertedRun>
}

export type UpsertRunOptions = {
  lookup: RunLookup
  projects: Pick<ProjectsRepository, 'byName' | 'ensure'>
  runs: Pick<RunsRepository, 'update'>
  starts: StartRunService
  repository: WandbRunsRepository
}

/** The project of a run that names none, as the client itself calls it. */
const defaultProject = 'uncategorized'

/** What a process that begins does: which lines it goes on after, and whether it resumes, forks or shares the run. */
type Beginning = Pick<CreateRunInput, 'resume' | 'fork' | 'shared'> & { writer: string; position: Position }

export function createUpsertRun({ lookup, projects, runs, starts, repository }: UpsertRunOptions): UpsertRun {
  const begin = async (
    organization: OrganizationScope,
    scope: ProjectScope,
    { slug, input, beginning }: { slug: string; input: UpsertInput; beginning: Beginning },
  ): Promise<void> => {
    const { writer, position, ...how } = beginning
    const read = readConfig(input.config)
    const given = {
      project: scope.project,
      run: slug,
      writer,
      startedAt: Date.now(),
      ...labelsOf(input),
      config: read?.config,
      definitions: read?.facts.definitions.map(({ overwrite: _overwrite, ...definition }) => definition),
      ...firstFacts(input, read),
      ...how,
    }
    await starts.start(organization, parseInput(createRunInputSchema, given, 'upsertBucket'))
    await repository.place(scope, slug, writer, position)
  }

  const change = async (
    scope: ProjectScope,
    slug: string,
    {
      input,
      read,
      facts,
      isShared = false,
    }: { input: UpsertInput; read: ReadConfig | undefined; facts: WandbFacts | null; isShared?: boolean },
  ): Promise<void> => {
    // Each process of a shared run knows its own config alone.
    const known = isShared ? [] : (facts?.configKeys ?? [])
    const unset = read ? known.filter((key) => !Object.hasOwn(read.config, key)) : []
    const defined = readConfigFacts(facts?.internal ?? {}).definitions
    const environment = read?.facts.environments.at(-1)
    await runs.update(scope, slug, {
      set: labelsOf(input),
      config: read && { set: read.config, unset: unset.map(nameOfKey) },
      summary: input.summaryMetrics ? await summaryOf(scope, slug, input.summaryMetrics) : undefined,
      definitions: read ? changedDefinitions(defined, read.facts.definitions) : [],
      ...(environment && {
        facts: { host: environment.host, ...(Object.keys(environment.git).length > 0 && { git: environment.git }) },
      }),
    })
    await repository.save(scope, slug, {
      ...(read && {
        internal: mergeInternal(facts?.internal ?? {}, read.internal),
        configKeys: Object.keys(read.config),
      }),
    })
    if (input.sweep) await repository.join(scope, slug, input.sweep)
  }

  const summaryOf = async (scope: ProjectScope, slug: string, text: string) => {
    const streamed = await repository.streamed(scope, slug)
    const { entries } = readWireSummary(parseExtendedRecord(text), streamed?.definitions ?? [], toWireDocument)
    return summaryChange(streamed?.summary ?? new Map(), entries)
  }

  const editById = async (organization: OrganizationScope, id: string | undefined, input: UpsertInput) => {
    const found = id === undefined ? null : await lookup.byId(organization, id)
    if (!found) throw new KirokuError({ code: 'NOT_FOUND', message: 'upsertBucket: there is no run of this id' })
    const { scope, run } = found
    const read = readConfig(input.config)
    // Who edits a run has read it: what it does not say of the config is to go. What its script says next, is the script's.
    const gone = read ? Object.keys(run.config).filter((key) => !Object.hasOwn(read.config, key)) : []
    await runs.update(scope, run.slug, {
      set: labelsOf(input),
      config: read && { set: read.config, unset: gone.map(nameOfKey) },
      summary: input.summaryMetrics ? await summaryOf(scope, run.slug, input.summaryMetrics) : undefined,
    })
    return { scope, run: await lookup.existing(scope, run.slug), historyLineCount: 0, isNew: false }
  }

  return {
    async upsert(organization, input, client) {
      if (!input.name) return editById(organization, input.id ?? undefined, input)
      const slug = input.name
      const scope = await projects.ensure(organization, input.modelName || defaultProject)
      const known = await repository.facts(scope, slug)
      const facts = known?.facts ?? null
      const isResumed = client === null && facts?.isResuming === true && Boolean(input.id)
      const session = (facts?.session ?? 1) + (isResumed ? 1 : 0)
      const writer = writerOf(scope.projectId, slug, client === null ? { session } : { client })
      const before = known ? await repository.writer(scope, slug, writer) : null
      const read = readConfig(input.config)
      let historyLineCount = 0
      if (!before) {
        const fork = known ? undefined : forkOf(slug, read)
        const position = isResumed
          ? await lookup.positionAfter(scope, await lookup.existing(scope, slug))
          : startingPosition({ history: fork ? fork.step + 1 : 0 })
        historyLineCount = position.history.lines
        const how = { ...(isResumed && { resume: 'allow' as const }), ...(fork && { fork }), shared: client !== null }
        const beginning = { writer, position, ...how }
        await begin(organization, scope, { slug, input, beginning })
      } else if (isNewProcess(before, input)) await repository.reopen(scope, slug, writer)
      await change(scope, slug, { input, read, facts, isShared: client !== null })
      if (!before || isResumed) await repository.save(scope, slug, { session, isResuming: false })
      const startedAt = read?.facts.environments.at(-1)?.startedAt
      if (startedAt && session === 1) await repository.beganAt(scope, slug, writer, startedAt)
      return { scope, run: await lookup.existing(scope, slug), historyLineCount, isNew: !known }
    },

    async rewind(organization, { project, run: slug, step }) {
      const scope = await projects.byName(organization, project)
      const run = await lookup.existing(scope, slug)
      const before = await lookup.positionAfter(scope, run)
      const session = (run.facts?.session ?? 0) + 1
      const writer = writerOf(scope.projectId, slug, { session })
      const historyLineCount = Math.min(before.history.lines, step + 1)
      const waiting = before.media.filter((media) => media.step <= step)
      const position = startingPosition({ history: historyLineCount }, waiting)
      const given = { project, run: slug, writer, startedAt: Date.now(), rewind: { step } }
      await starts.start(organization, parseInput(createRunInputSchema, given, 'rewindRun'))
      await repository.place(scope, slug, writer, position)
      await repository.save(scope, slug, { session, isResuming: false })
      return { scope, run: await lookup.existing(scope, slug), historyLineCount, isNew: false }
    },
  }
}

/** A run that branched off another one, and is new, begins with its history. */
function forkOf(slug: string, read: ReadConfig | undefined): { run: string; step: number } | undefined {
  const point = read?.facts.branchPoint
  return point && point.run !== slug ? point : undefined
}

/**
 * Whether an upsert comes from a process that begins anew: the one before ended, or is gone and this one says where it runs,
 * which no change of a config does.
 */
function isNewProcess({ isFinished, isAlive }: StreamWriter, { host, jobProgram }: UpsertInput): boolean {
  return isFinished || (!isAlive && Boolean(host || jobProgram))
}
