import { KirokuError } from '@kiroku/core/errors'
import type { FileFacts, RunFile } from '@kiroku/core/files'
import { runStateSchema } from '@kiroku/core/runs'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import { notify } from '../../database/notifications.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { linkFiles } from './run-files.repository.ts'

/** The files of runs that are not deleted. */
export type FilesRepository = {
  /** A run's files, by path. Throws NOT_FOUND for an unknown run. */
  list(scope: ProjectScope, run: string): Promise<RunFile[]>
  /** Throws NOT_FOUND for an unknown run, and for a path at which it has no file. */
  byPath(scope: ProjectScope, run: string, path: string): Promise<RunFile>
  /** Those of the paths at which a run has a file. Throws NOT_FOUND for an unknown run. */
  find(scope: ProjectScope, run: string, paths: readonly string[]): Promise<RunFile[]>
  /** The MD5 (base64) of a run's files by their paths, where it is kept. Throws NOT_FOUND for an unknown run. */
  md5s(scope: ProjectScope, run: string): Promise<Map<string, string>>
  /** Gives a run a file whose content is kept. Throws NOT_FOUND for an unknown run, UNAVAILABLE for a content that is gone. */
  attach(scope: ProjectScope, run: string, file: FileFacts): Promise<void>
  /** Takes files from a run; those that it has not are passed over. Throws NOT_FOUND for an unknown run. */
  detach(scope: ProjectScope, run: string, paths: readonly string[]): Promise<void>
}

const md5RowsSchema = z.array(z.object({ path: z.string(), md5: z.string() }))
const runRowsSchema = z.array(z.object({ id: z.string(), state: runStateSchema }))

type FileRow = { path: string; sha256: string; size: bigint; mime: string; createdAt: Date }

const selected = { path: true, sha256: true, size: true, mime: true, createdAt: true } as const

/** Reads which files runs have from PostgreSQL. */
export function createFilesRepository({ prisma, transaction }: Database): FilesRepository {
  const runIdOf = async ({ projectId }: ProjectScope, slug: string): Promise<string> => {
    const run = await prisma.run.findFirst({ where: { projectId, slug, deletedAt: null }, select: { id: true } })
    if (!run) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
    return run.id
  }
  return {
    async list(scope, slug) {
      const runId = await runIdOf(scope, slug)
      const rows = await prisma.runFile.findMany({ where: { runId }, select: selected, orderBy: { path: 'asc' } })
      return rows.map(toFile)
    },
    async byPath(scope, slug, path) {
      const runId = await runIdOf(scope, slug)
      const row = await prisma.runFile.findUnique({ where: { runId_path: { runId, path } }, select: selected })
      if (!row) throw new KirokuError({ code: 'NOT_FOUND', message: `the run ${slug} has no file ${path}` })
      return toFile(row)
    },
    async find(scope, slug, paths) {
      const runId = await runIdOf(scope, slug)
      if (paths.length === 0) return []
      const rows = await prisma.runFile.findMany({ where: { runId, path: { in: [...paths] } }, select: selected })
      return rows.map(toFile)
    },
    async md5s(scope, slug) {
      const runId = await runIdOf(scope, slug)
      return transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT f.path, b.md5 FROM run_file f JOIN blob b ON b.organization_id = $1 AND b.sha256 = f.sha256
           WHERE f.run_id = $2 AND b.md5 IS NOT NULL`,
          [scope.organizationId, runId],
        )
        return new Map(md5RowsSchema.parse(rows).map(({ path, md5 }) => [path, md5]))
      })
    },
    async attach({ organizationId, projectId, project }, slug, file) {
      await transaction(async (connection) => {
        const { rows } = await connection.query(
          'SELECT id, state FROM run WHERE project_id = $1 AND slug = $2 AND deleted_at IS NULL FOR KEY SHARE',
          [projectId, slug],
        )
        const [run] = runRowsSchema.parse(rows)
        if (!run) throw new KirokuError({ code: 'NOT_FOUND', message: `there is no run ${slug}` })
        const lost = await linkFiles(connection, [{ organizationId, runId: run.id, file }])
        if (lost.length > 0)
          throw new KirokuError({ code: 'UNAVAILABLE', message: `the content of ${file.path} is gone; send it again` })
        const notice = { organizationId, projectId, project, run: slug, state: run.state }
        await notify(connection, [{ ...notice, points: false, created: false }])
      })
    },
    async detach(scope, slug, paths) {
      const runId = await runIdOf(scope, slug)
      await prisma.runFile.deleteMany({ where: { runId, path: { in: [...paths] } } })
    },
  }
}

function toFile({ size, createdAt, ...row }: FileRow): RunFile {
  return { ...row, size: Number(size), createdAt: createdAt.getTime() }
}
