import { KirokuError } from '@kiroku/core/errors'
import { encodeHistoryBatch, type Rejection } from '@kiroku/core/history'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import type { HistoryService } from '../../history/index.ts'
import type { WandbFilesService } from '../files/index.ts'
import type { WandbRunsRepository } from '../runs/index.ts'
import { writerOf } from '../runs/index.ts'
import { buildBatch, filesOf } from './build-batch.ts'
import type { FileStreamRequest } from './file-stream.schema.ts'
import { createQueues } from './queues.ts'
import { labelOf, readPost } from './read-post.ts'

/** Where a post's lines go: a run, and the process among several that write to it at once, or null for the only one. */
export type StreamTarget = { organization: OrganizationScope; scope: ProjectScope; run: string; client: string | null }

export type FileStreamService = {
  /**
   * Stores a post's lines as records of the process' writer, and resolves when they are on disk, with what of them cannot be
   * stored. The same post again changes nothing. Throws NOT_FOUND for a process that no upsert began, CONFLICT for a run that
   * was deleted or rewound, UNAVAILABLE as `HistoryService.accept`.
   */
  accept(target: StreamTarget, request: FileStreamRequest): Promise<{ isStopAsked: boolean; refused: Rejection[] }>
  /** Stores a line that the process says without printing it, as an error of its own. Throws as `accept` does. */
  say(target: StreamTarget, text: string): Promise<void>
}

export type FileStreamOptions = {
  history: Pick<HistoryService, 'accept' | 'quiet'>
  repository: WandbRunsRepository
  files: Pick<WandbFilesService, 'forMedia'>
}

/** A post that another server stored meanwhile is built anew from where the writer then stands. */
const maxAttempts = 4

/** Lines that nobody printed are numbered behind all that a process prints, by their time. */
const firstSaidLine = 2 ** 44

export function createFileStreamService({ history, repository, files }: FileStreamOptions): FileStreamService {
  const inOrder = createQueues()

  const attempt = async (
    { organization, scope, run, client }: StreamTarget,
    request: FileStreamRequest,
    said: readonly string[] = [],
  ) => {
    const known = await repository.facts(scope, run)
    const session = known?.facts?.session ?? 1
    const name = writerOf(scope.projectId, run, client === null ? { session } : { client })
    // Before the run: what another server stores in between is then refused, and the batch built anew.
    const writer = known && (await repository.writer(scope, run, name))
    const streamed = writer && (await repository.streamed(scope, run))
    if (!known || !writer || !streamed)
      throw new KirokuError({
        code: 'NOT_FOUND',
        message: `no wandb process writes to a run ${run}; upsertBucket comes first`,
      })
    const now = Date.now()
    const post = readPost(request, writer.position, streamed.isStopAsked || streamed.isStoppedEarly)
    for (const [index, text] of said.entries())
      post.console.push({ line: firstSaidLine + now + index, stream: 'stderr', text, time: now, label: null })
    const first = post.rows[0]
    if (session === 1 && client === null && first?.time != null && first.runtimeMs !== null)
      await repository.beganAt(scope, run, name, first.time - first.runtimeMs)
    const label = client === null || writer.label !== null ? undefined : labelOf(post)
    if (label !== undefined) {
      await repository.label(scope, run, name, label)
      // Writers that are known by now are known without it.
      await history.quiet(streamed.id)
    }
    const { batch, position, refused } = buildBatch({
      names: { project: scope.project, run, writer: name },
      run: streamed,
      ackSeq: writer.ackSeq,
      post,
      files: await files.forMedia(scope, run, filesOf(post)),
      now,
    })
    const { rejected } = await history.accept(organization, encodeHistoryBatch(batch), position)
    return { isStopAsked: streamed.isStopAsked, refused: [...post.refused, ...refused, ...rejected] }
  }

  const store = (target: StreamTarget, request: FileStreamRequest, said?: readonly string[]) =>
    inOrder(`${target.scope.projectId}/${target.run}`, async () => {
      for (let left = maxAttempts; ; left--) {
        try {
          return await attempt(target, request, said)
        } catch (error) {
          if (!isOvertaken(error) || left <= 1) throw error
        }
      }
    })

  return {
    accept: (target, request) => store(target, request),
    async say(target, text) {
      await store(target, {}, [text])
    },
  }
}

function isOvertaken(error: unknown): boolean {
  return error instanceof KirokuError && error.code === 'CONFLICT' && 'ackSeq' in error.details
}
