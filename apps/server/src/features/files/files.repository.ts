import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import type { Database } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'

/** The files of runs that are not deleted. */
export type FilesRepository = {
  /** A run's files, by path. Throws NOT_FOUND for an unknown run. */
  list(scope: ProjectScope, run: string): Promise<RunFile[]>
  /** Throws NOT_FOUND for an unknown run, and for a path at which it has no file. */
  byPath(scope: ProjectScope, run: string, path: string): Promise<RunFile>
}

type FileRow = { path: string; sha256: string; size: bigint; mime: string; createdAt: Date }

const selected = { path: true, sha256: true, size: true, mime: true, createdAt: true } as const

/** Reads which files runs have from PostgreSQL. */
export function createFilesRepository({ prisma }: Database): FilesRepository {
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
  }
}

function toFile({ size, createdAt, ...row }: FileRow): RunFile {
  return { ...row, size: Number(size), createdAt: createdAt.getTime() }
}
