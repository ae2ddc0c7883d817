import { join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { counted } from '../counted.ts'
import { failureLine, reportFailure } from '../failures.ts'
import { eachAtOnce } from '../jobs.ts'
import type { ServerClient } from '../server-client.ts'
import { SyncDisplay } from '../sync-display.ts'
import type { Terminal } from '../terminal.ts'
import { readExportedRun, readManifest } from './export-files.ts'
import { importRun } from './import-run.ts'
import { tellRejected } from './tell-rejected.ts'

export type ImportExportOptions = {
  directory: string
  /** Where to; the project of the export when it is left out. */
  project?: string | undefined
  jobs: number
  isVerbose: boolean
}

/**
 * Imports all runs of an export. One that cannot be imported is told and the others still get in. Answers how many could
 * not be imported in full. Throws where it makes no sense to go on: the server is away or refuses the key.
 */
export async function importExport(
  terminal: Terminal,
  client: ServerClient,
  options: ImportExportOptions,
): Promise<number> {
  const directory = resolve(options.directory)
  const manifest = await readManifest(directory)
  const project = options.project ?? manifest.project
  const display = new SyncDisplay(terminal, manifest.runs.length, 'importing')
  const outcome = { imported: 0, known: 0, failed: 0 }
  try {
    await eachAtOnce(manifest.runs, options.jobs, async ({ run, directory: place, sha256 }) => {
      const line = display.begin(run)
      try {
        const source = join(directory, ...place.split('/'))
        const exported = await readExportedRun(source, sha256)
        const { path, isKnown, rejected, rejectedCount } = await importRun(
          client,
          project,
          { directory: source, exported, sha256 },
          (done, total) => line.move({ bytes: done, total, waitsFor: null }),
        )
        const what = isKnown ? 'was imported before, nothing changed' : counted(exported.parts.points.count, 'point')
        line.end(`${what} -> ${client.url}${path}`)
        tellRejected(terminal, run, { rejected, rejectedCount })
        if (rejectedCount > 0) outcome.failed++
        else if (isKnown) outcome.known++
        else outcome.imported++
      } catch (cause) {
        line.end(undefined)
        if (cause instanceof KirokuError && (cause.code === 'UNAVAILABLE' || cause.code === 'UNAUTHORIZED')) throw cause
        outcome.failed++
        const code = cause instanceof KirokuError ? cause.code : 'INTERNAL'
        reportFailure(terminal, new KirokuError({ code, message: `${run}: ${failureLine(cause)}`, cause }), options)
      }
    })
  } finally {
    display.end()
  }
  const { imported, known, failed } = outcome
  terminal.say(
    [
      `${counted(imported, 'run')} imported`,
      known > 0 ? `${known} imported before` : '',
      failed > 0 ? `${failed} failed` : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  )
  return failed
}
