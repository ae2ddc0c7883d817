import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { type ExportManifest, exportManifestSchema, exportNames, exportVersion } from '@kiroku/core/export-format'
import { parseJson } from '@kiroku/core/json'
import { isLiveState } from '@kiroku/core/runs'
import { counted } from '../counted.ts'
import { eachAtOnce } from '../jobs.ts'
import { shownPath } from '../paths.ts'
import { replaceFile } from '../replace-file.ts'
import type { ServerClient } from '../server-client.ts'
import { SyncDisplay } from '../sync-display.ts'
import type { Terminal } from '../terminal.ts'
import { type ExportAddress, parseExportAddress } from './export-address.ts'
import { exportRun, type WrittenRun } from './export-run.ts'

export type ExportOptions = { what: string; directory: string; jobs: number }

/**
 * Writes a project, or one run of it, into a directory that is new, empty, or left by an export that was interrupted. The
 * manifest says that all is there when it is. Runs that are deleted meanwhile are told and left out.
 */
export async function exportProject(terminal: Terminal, client: ServerClient, options: ExportOptions): Promise<void> {
  const address = await parseExportAddress(client, options.what)
  const { organization, project } = address
  const runs = await runsOf(client, address)
  const directory = resolve(options.directory)
  await checkDirectory(directory, options.directory)
  const save = (written: ExportManifest['runs'], isComplete: boolean): Promise<void> => {
    const facts = { isComplete, exportedAt: Date.now(), organization, project }
    const manifest: ExportManifest = { format: 'kiroku-export', version: exportVersion, ...facts, runs: written }
    return replaceFile(join(directory, exportNames.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
  }
  await save([], false)
  const places = placesOf(runs)
  const written = new Map<string, WrittenRun>()
  const display = new SyncDisplay(terminal, runs.length, 'exporting')
  try {
    await eachAtOnce(runs, options.jobs, async (run) => {
      const line = display.begin(run)
      const place = join(directory, ...(places.get(run) ?? run).split('/'))
      try {
        const outcome = await exportRun(client, { organization, project, run }, place, (done, total) =>
          line.move({ bytes: done, total, waitsFor: null }),
        )
        written.set(run, outcome)
        line.end(undefined)
        for (const path of outcome.lost)
          terminal.say(`${run}: ${path} is left out: the server's disk has lost its content`)
      } catch (cause) {
        line.end(undefined)
        if (!(cause instanceof KirokuError) || cause.code !== 'NOT_FOUND') throw cause
        terminal.say(`${run}: it was deleted meanwhile, and is left out`)
      }
    })
  } finally {
    display.end()
  }
  const entries = runs.flatMap((run) => {
    const sha256 = written.get(run)?.sha256
    return sha256 === undefined ? [] : [{ run, directory: places.get(run) ?? run, sha256 }]
  })
  await save(entries, true)
  terminal.say(`${describe([...written.values()])} of ${organization}/${project} in ${shownPath(directory)}`)
  const running = [...written.values()].filter(({ exported }) => isLiveState(exported.run.state)).length
  if (running > 0) terminal.say(`${counted(running, 'run')} did not end yet: what was there by now is exported`)
}

async function runsOf(client: ServerClient, address: ExportAddress): Promise<string[]> {
  const { organization, project, run } = address
  if (run !== undefined) return [(await client.run({ organization, project, run })).slug]
  const slugs: string[] = []
  for await (const page of client.runs({ organization, project })) slugs.push(...page.map(({ slug }) => slug))
  return slugs
}

/** Each run's folder: its id, and where a file system that ignores case would make one of two, the id and a number. */
function placesOf(runs: readonly string[]): Map<string, string> {
  const taken = new Set<string>()
  return new Map(
    runs.map((run) => {
      let name = run
      for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${run}~${number}`
      taken.add(name.toLowerCase())
      return [run, `${exportNames.runs}/${name}`]
    }),
  )
}

async function checkDirectory(directory: string, asked: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const names = await readdir(directory)
  if (names.length === 0) return
  const refuse = (why: string): KirokuError =>
    new KirokuError({ code: 'CONFLICT', message: `${asked} ${why}; choose a new or empty directory with --to` })
  if (!names.includes(exportNames.manifest)) throw refuse('is not empty')
  const found = exportManifestSchema.safeParse(parseJson(await readFile(join(directory, exportNames.manifest), 'utf8')))
  if (!found.success) throw refuse('is not empty, and no export')
  if (found.data.isComplete) throw refuse('holds an export already')
}

function describe(runs: readonly WrittenRun[]): string {
  const sum = (read: (run: WrittenRun['exported']) => number): number =>
    runs.reduce((total, { exported }) => total + read(exported), 0)
  return [
    counted(runs.length, 'run'),
    counted(
      sum(({ parts }) => parts.points.count),
      'point',
    ),
    counted(
      sum(({ parts }) => parts.texts.count),
      'text',
    ),
    counted(
      sum(({ parts }) => parts.console.count),
      'line',
    ),
    counted(
      sum(({ files }) => files.length),
      'file',
    ),
  ].join(', ')
}
