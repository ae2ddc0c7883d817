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
}

export type FileStreamOptions = {
  history: Pick<HistoryService, 'accept' | 'quiet'>
  repository: WandbRunsRepository
  files: Pick<WandbFilesService, 'forMedia'>
}

/** A post that another server stored meanwhile is built anew from where the writer then stands. */
const maxAttempts = 4

export function createFileStreamService({ history, repository, files }: FileStreamOptions): FileStreamService {
  const inOrder = createQueues()

  const attempt = async ({ organization, scope, run, client }: StreamTarget, request: FileStreamRequest) => {
    const known = await repository.facts(scope, run)
    const session = known?.facts?.session ?? 1
    const name = writerOf(scope.projectId, run, client === null ? { session } : { client })
    const writer = await repository.writer(scope, run, name)
    const streamed = await repository.streamed(scope, run)
    if (!known || !writer || !streamed)
      throw new KirokuError({
        code: 'NOT_FOUND',
        message: `no wandb process writes to a run ${run}; upsertBucket comes first`,
      })
    const post = readPost(request, writer.position, streamed.isStopAsked || streamed.isStoppedEarly)
    const first = post.rows[0]
    if (session === 1 && client === null && first?.time != null && first.runtimeMs !== null)
      await repository.beganAt(scope, run, name, first.time - first.runtimeMs)
    const label = client === null || writer.label !== null ? undefined : labelOf(post)
    if (label !== undefined) {
      await repository.label(scope, run, name, label)
      // Writers that are known by now are known without it.
      await history.quiet(streamed.id)
    }
    if (Boolean(request.preempting) !== known.facts?.isPreempting)
      await repository.save(scope, run, { isPreempting: Boolean(request.preempting) })
    const { batch, position } = buildBatch({
      names: { project: scope.project, run, writer: name },
      run: streamed,
      ackSeq: writer.ackSeq,
      post,
      files: await files.forMedia(scope, run, filesOf(post)),
      now: Date.now(),
    })
    const { rejected } = await history.accept(organization, encodeHistoryBatch(batch), position)
    return { isStopAsked: streamed.isStopAsked, refused: [...post.refused, ...rejected] }
  }

  return {
    accept: (target, request) =>
      inOrder(`${target.scope.projectId}/${target.run}`, async () => {
        for (let left = maxAttempts; ; left--) {
          try {
            return await attempt(target, request)
          } catch (error) {
            if (!isOvertaken(error) || left <= 1) throw error
          }
        }
      }),
  }
}

function isOvertaken(error: unknown): boolean {
  return error instanceof KirokuError && error.code === 'CONFLICT' && 'ackSeq' in error.details
}
