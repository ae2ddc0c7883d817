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
import { exportArtifacts, type WrittenArtifacts } from './export-artifacts.ts'
import { exportRun, type WrittenRun } from './export-run.ts'
import { foldersOf } from './places.ts'

export type ExportOptions = { what: string; directory: string; jobs: number }

/**
 * Writes a project, or one run of it, into a directory that is new, empty, or left by an export that was interrupted. The
 * manifest says that all is there when it is. Runs that are deleted meanwhile are told and left out. Answers how many contents
 * of artifacts the server does not have as it should: these are told, and all else is exported.
 */
export async function exportProject(terminal: Terminal, client: ServerClient, options: ExportOptions): Promise<number> {
  const address = await parseExportAddress(client, options.what)
  const { organization, project } = address
  const runs = await runsOf(client, address)
  const directory = resolve(options.directory)
  await checkDirectory(directory, options.directory)
  const save = (written: Written, isComplete: boolean): Promise<void> => {
    const facts = { isComplete, exportedAt: Date.now(), organization, project }
    const manifest: ExportManifest = { format: 'kiroku-export', version: exportVersion, ...facts, ...written }
    return replaceFile(join(directory, exportNames.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
  }
  await save({ runs: [], artifacts: [], lineage: null }, false)
  const places = foldersOf(runs)
  const written = new Map<string, WrittenRun>()
  const display = new SyncDisplay(terminal, runs.length, 'exporting')
  try {
    await eachAtOnce(runs, options.jobs, async (run) => {
      const line = display.begin(run)
      const place = join(directory, exportNames.runs, places.get(run) ?? run)
      try {
        const outcome = await exportRun(client, { organization, project, run }, place, (done, total) =>
          line.move({ bytes: done, total, waitsFor: null }),
        )
        written.set(run, outcome)
        line.end(undefined)
        for (const lost of outcome.lost) terminal.say(`${run}: ${lost}`)
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
    return sha256 === undefined ? [] : [{ run, directory: `${exportNames.runs}/${places.get(run) ?? run}`, sha256 }]
  })
  // Of one run alone nothing else is exported.
  const artifacts =
    address.run === undefined ? await artifactsOf(terminal, client, { ...options, address, directory }) : none
  await save({ runs: entries, artifacts: artifacts.artifacts, lineage: artifacts.lineage }, true)
  const what = describe([...written.values()], artifacts.versions)
  terminal.say(`${what} of ${organization}/${project} in ${shownPath(directory)}`)
  const running = [...written.values()].filter(({ exported }) => isLiveState(exported.run.state)).length
  if (running > 0) terminal.say(`${counted(running, 'run')} did not end yet: what was there by now is exported`)
  return artifacts.lost.length
}

type Written = Pick<ExportManifest, 'runs' | 'artifacts' | 'lineage'>
const none: WrittenArtifacts = { artifacts: [], lineage: null, versions: 0, lost: [] }

async function artifactsOf(
  terminal: Terminal,
  client: ServerClient,
  { address: { organization, project }, directory, jobs }: { address: ExportAddress; directory: string; jobs: number },
): Promise<WrittenArtifacts> {
  const onArtifact = (name: string): void =>
    terminal.isInteractive ? terminal.progress(`${name}: exporting`) : terminal.say(`${name}: exporting`)
  const onGone = (version: string): void => terminal.say(`${version}: it was deleted meanwhile, and is left out`)
  const address = { organization, project }
  const exported = await exportArtifacts({ client: client.artifacts, address, directory, jobs, onArtifact, onGone })
  terminal.progress('')
  for (const lost of exported.lost) terminal.say(`${lost}; all else is exported`)
  return exported
}

async function runsOf(client: ServerClient, address: ExportAddress): Promise<string[]> {
  const { organization, project, run } = address
  if (run !== undefined) return [(await client.run({ organization, project, run })).slug]
  const slugs: string[] = []
  for await (const page of client.runs({ organization, project })) slugs.push(...page.map(({ slug }) => slug))
  return slugs
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

function describe(runs: readonly WrittenRun[], versions: number): string {
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
    ...(versions > 0 ? [`${counted(versions, 'version')} of artifacts`] : []),
  ].join(', ')
}
