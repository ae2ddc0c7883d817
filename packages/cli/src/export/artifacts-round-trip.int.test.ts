import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { appendFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { artifactContentPath, exportManifestSchema } from '@kiroku/core/export-format'
import {
  askWandb,
  type Caller,
  client,
  logArtifact,
  sha256Of,
  spawnServer,
  type TestServer,
  testOrganization,
  testRun,
  testServer,
  useArtifact,
} from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { Bench } from '../../test/harness.ts'
import { importExport } from '../import/import-export.ts'
import { ServerClient } from '../server-client.ts'
import type { Terminal } from '../terminal.ts'
import { exportProject } from './export-project.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

type Place = Caller & { organization: string; project: string }

const bench = new Bench()
const large = 'large '.repeat(300_000)
let server: TestServer
let source: Place
let other: Place
let sequence: Record<string, string>
const exported = join(bench.base, 'exported')
const exportedOther = join(bench.base, 'exported-other')

beforeAll(async () => {
  server = await testServer()
  const { organization, ...caller } = await testOrganization(server)
  source = { ...caller, organization, project: 'rich' }
  other = { ...source, project: 'other' }
  sequence = await makeArtifacts()
  expect(await exportTo(source, exported)).toMatchObject({ lost: 0 })
  expect(await exportTo(other, exportedOther)).toMatchObject({ lost: 0 })
})
afterAll(() => server.close())

/** Logs artifacts with all that they may have; answers the ids of some by name. */
async function makeArtifacts(): Promise<Record<string, string>> {
  for (const run of ['maker', 'user', 'gone']) await testRun(source, { project: 'rich', run })
  await testRun(other, { project: 'other', run: 'elsewhere' })
  const { organization } = source
  const rich = { organization, project: 'rich' }
  const first = await logArtifact(source, {
    ...rich,
    name: 'data',
    run: 'maker',
    aliases: ['raw', 'ünï 🙂'],
    description: 'what it is\n',
    metadata: { rows: 3, deep: { list: [1, null, 'x'] }, $money: 1 },
    files: { 'a b/ü.txt': 'one', shared: large, empty: '' },
    refs: { bucket: 's3://bucket/data' },
  })
  await logArtifact(source, { ...rich, name: 'data', run: 'gone', files: { shared: large, copy: large, 'a b': 'two' } })
  await logArtifact(source, { ...rich, name: 'data', run: 'user', files: { 'a b/ü.txt': 'three' }, aliases: ['best'] })
  const deleted = await logArtifact(source, { ...rich, name: 'gap', type: 'model', files: { w: '0' } })
  await logArtifact(source, { ...rich, name: 'gap', type: 'model', files: { w: '1' } })
  await mutate('DeleteArtifact', { artifactID: deleted.id, deleteAliases: true })
  const last = await logArtifact(source, { ...rich, name: 'none left', files: { w: 'was there' } })
  await mutate('DeleteArtifact', { artifactID: last.id, deleteAliases: true })
  await logArtifact(source, { ...rich, name: 'Data', files: { 'same name but for its case': 'x' } })
  await logArtifact(source, {
    ...rich,
    name: `run-${'損'.repeat(100)}`,
    type: 'run_table',
    run: 'maker',
    files: { t: '{}' },
  })
  await useArtifact(source, { ...rich, run: 'user', id: first.id })
  await useArtifact(source, { ...rich, run: 'gone', id: first.id })
  await useArtifact(source, { organization, project: 'other', run: 'elsewhere', id: first.id })
  const foreign = await logArtifact(source, {
    organization,
    project: 'other',
    name: 'base',
    files: { b: 'of another project' },
  })
  await useArtifact(source, { ...rich, run: 'user', id: foreign.id })
  for (const artifactID of [first.id, foreign.id])
    await mutate('LinkArtifact', {
      artifactID,
      projectName: 'rich',
      artifactPortfolioName: 'best ones',
      aliases: [{ alias: `from ${artifactID === first.id ? 'here' : 'there'}` }],
    })
  await mutate('UpdateArtifact', { artifactID: first.id, tagsToAdd: [{ tagName: 'zeta' }, { tagName: 'alpha' }] })
  await client(source).runs.delete.mutate({ ...rich, run: 'gone' })
  return { first: first.id, foreign: foreign.id }
}

/** A mutation of `wandb` clients, by the name of its type. */
async function mutate(name: string, input: Record<string, unknown>): Promise<void> {
  const field = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`
  await askWandb(source, z.unknown(), `mutation($input: ${name}Input!) { ${field}(input: $input) { __typename } }`, {
    input,
  })
}

class Listener implements Terminal {
  readonly said: string[] = []
  readonly isInteractive = false
  print(): void {}
  progress(): void {}
  say(line: string): void {
    this.said.push(line)
  }
}

async function exportTo(place: Place, directory: string): Promise<{ lost: number; said: string[] }> {
  const terminal = new Listener()
  const what = `${place.organization}/${place.project}`
  const lost = await exportProject(terminal, new ServerClient(place.url, place.apiKey), { what, directory, jobs: 4 })
  return { lost, said: terminal.said }
}

async function importFrom(directory: string, place: Place): Promise<{ failed: number; said: string[] }> {
  const terminal = new Listener()
  const options = { directory, project: place.project, jobs: 4, isVerbose: false }
  const failed = await importExport(terminal, new ServerClient(place.url, place.apiKey), options)
  return { failed, said: terminal.said }
}

/** All of an export that is not of runs, by path: what lies in it, and what its manifest says of it. */
function artifactsIn(directory: string): Record<string, unknown> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
  const kept = paths.filter((path) => path !== 'manifest.json' && !path.startsWith('runs/')).sort()
  const { artifacts, lineage } = exportManifestSchema.parse(
    JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')),
  )
  const contents = kept.map((path): [string, string] => {
    const bytes = readFileSync(join(directory, path))
    return [path, bytes.length < 5000 ? bytes.toString() : createHash('sha256').update(bytes).digest('hex')]
  })
  return { artifacts, lineage, ...Object.fromEntries(contents) }
}

/** What people see of a project's artifacts, with the hash of every file's bytes; ids and the project's name apart. */
async function seen(place: Place): Promise<unknown> {
  const api = client(place)
  const address = { organization: place.organization, project: place.project }
  const [all, tables] = [
    await api.artifacts.list.query(address),
    await api.artifacts.list.query({ ...address, type: 'run_table' }),
  ]
  const versions = []
  for (const { name } of [...all.artifacts, ...tables.artifacts])
    for (const found of (await api.artifacts.versions.query({ ...address, name })).versions) {
      const at = { ...address, name, version: `v${found.version}` }
      const { files } = await api.artifacts.files.query(at)
      const contents = await Promise.all(
        files.map(async ({ path, ref }) => (ref === null ? sha256Of(await fetched(place, { ...at, path })) : ref)),
      )
      versions.push({
        detail: await api.artifacts.byVersion.query(at),
        files,
        contents,
        list: await fetched(place, at),
      })
    }
  const lineage = []
  for (const run of ['maker', 'user']) lineage.push(await api.artifacts.byRun.query({ ...address, run }))
  return JSON.parse(
    JSON.stringify({ all, tables, versions, lineage }, (key, value: unknown) => {
      if (key === 'id' || key === 'usedByCount') return undefined
      // What runs of other projects use is told by these projects' exports.
      if (key === 'usedBy') return usesSchema.parse(value).filter(({ project }) => project === place.project)
      return key === 'project' && value === place.project ? 'PROJECT' : value
    }),
  )
}

const usesSchema = z.array(z.object({ project: z.string(), run: z.string(), displayName: z.string() }))

async function fetched(place: Place, query: Record<string, string>): Promise<string> {
  const answer = await fetch(`${place.url}/api/artifacts?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${place.apiKey}` },
  })
  expect(answer.status).toBe(200)
  return answer.text()
}

describe('artifacts', () => {
  it('lie in an export, each content once', async () => {
    const found = artifactsIn(exported)
    expect(Object.keys(found).filter((path) => path.endsWith(sha256Of(large)))).toEqual([
      artifactContentPath(sha256Of(large)),
    ])
    expect(found['artifacts/data~2/artifact.json']).toContain('"nextVersion": 3')
    expect(found['artifacts/Data/artifact.json']).toContain('"nextVersion": 1')
    expect(found['artifacts/none left/artifact.json']).toContain('"nextVersion": 1')
    expect(found['lineage.jsonl']).toContain('{"run":"user","role":"input","artifact":{"project":"other","name":"base"')
    expect(JSON.stringify(found)).not.toContain('gone')
  })

  it('are written anew where an export was interrupted, but for contents that are whole', async () => {
    const left = join(bench.base, 'left')
    await cp(exported, left, { recursive: true })
    const manifest = JSON.parse(readFileSync(join(left, 'manifest.json'), 'utf8'))
    await writeFile(join(left, 'manifest.json'), JSON.stringify({ ...manifest, isComplete: false }))
    await writeFile(join(left, artifactContentPath(sha256Of('two'))), 'tw')
    await rm(join(left, artifactContentPath(sha256Of('three'))))
    await writeFile(`${join(left, artifactContentPath(sha256Of('three')))}.0123.part`, 'thr')
    await writeFile(join(left, artifactContentPath(sha256Of('one')), '..', sha256Of('named no more')), 'named no more')
    await rm(join(left, 'artifacts'), { recursive: true })
    const { mtimeMs } = statSync(join(left, artifactContentPath(sha256Of(large))))
    expect(await exportTo(source, left)).toMatchObject({ lost: 0 })
    expect(artifactsIn(left)).toEqual(artifactsIn(exported))
    expect(statSync(join(left, artifactContentPath(sha256Of(large)))).mtimeMs).toBe(mtimeMs)
  })

  it('are not in an export of the first version, which is read still', async () => {
    const old = join(bench.base, 'old')
    await cp(exported, old, { recursive: true })
    const {
      artifacts: _artifacts,
      lineage: _lineage,
      ...manifest
    } = JSON.parse(readFileSync(join(old, 'manifest.json'), 'utf8'))
    await writeFile(join(old, 'manifest.json'), JSON.stringify({ ...manifest, version: 1 }))
    expect((await importFrom(old, { ...source, project: 'old' })).said.at(-1)).toBe('2 runs imported')
    await writeFile(join(old, 'manifest.json'), JSON.stringify({ ...manifest, version: 3 }))
    await expect(importFrom(old, { ...source, project: 'old' })).rejects.toThrow('only versions 1 to 2')
  })

  it('are the same again in another project, and once however often they are imported', async () => {
    const target = { ...source, project: 'copy' }
    const first = await importFrom(exported, target)
    expect(first).toMatchObject({ failed: 0 })
    expect(first.said.at(-1)).toBe('2 runs imported; 8 versions of artifacts imported')
    const before = await seen(source)
    expect(await seen(target)).toEqual(before)
    const usage = () => client(source).usage.byOrganization.query({ organization: source.organization })
    const { storedFileBytes } = await usage()
    const again = await importFrom(exported, target)
    expect(again).toMatchObject({ failed: 0 })
    expect(again.said.at(-1)).toBe(
      '0 runs imported, 2 imported before; 0 versions of artifacts imported, 8 imported before',
    )
    expect((await usage()).storedFileBytes).toBe(storedFileBytes)
    const back = join(bench.base, 'back')
    expect(await exportTo(target, back)).toMatchObject({ lost: 0 })
    expect(artifactsIn(back)).toEqual(artifactsIn(exported))
    // The one that they came from is not changed by the import, nor by one into itself.
    expect(await importFrom(exported, source)).toMatchObject({
      said: expect.arrayContaining([expect.stringContaining('8 imported before')]),
    })
    expect(await seen(source)).toEqual(before)
    // Numbers go on where they were, also where the last versions are gone.
    const { organization, project } = target
    await logArtifact(target, { organization, project, name: 'none left', files: { w: 'new' } })
    const { versions } = await client(target).artifacts.versions.query({ organization, project, name: 'none left' })
    expect(versions.map(({ version }) => version)).toEqual([1])
  })

  it('are the same on another server, in whichever order the projects come', async () => {
    await using second = await spawnServer()
    const target = { ...source, url: second.url, apiKey: second.apiKey, organization: second.organization }
    const early = await importFrom(exported, target)
    expect(early.said.join('\n')).toContain('best ones:v1: ')
    expect(early.said.join('\n')).toContain('other/base:v0')
    expect(early.said.at(-1)).toBe('2 runs imported; 7 versions of artifacts imported, 1 failed')
    expect(await importFrom(exportedOther, { ...target, project: 'other' })).toMatchObject({ failed: 0 })
    expect(await importFrom(exported, target)).toMatchObject({ failed: 0 })
    expect(await seen(target)).toEqual(await seen(source))
    // And what the other project's run used of this one.
    const at = { organization: target.organization, project: 'rich', name: 'data', version: 'v0' }
    const usedBy = async () => (await client(target).artifacts.byVersion.query(at)).usedBy.map(({ run }) => run)
    expect(await usedBy()).toEqual(['elsewhere', 'user'])
    for (const [from, place] of [
      [exported, target],
      [exportedOther, { ...target, project: 'other' }],
    ] as const) {
      const back = join(bench.base, `second-${place.project}`)
      expect(await exportTo(place, back)).toMatchObject({ lost: 0 })
      expect(artifactsIn(back)).toEqual(artifactsIn(from))
    }
    // Other versions, and scripts, refer to one by the id that it was made under.
    const schema = z.object({ artifact: z.object({ digest: z.string() }) })
    const ask = (place: Caller) =>
      askWandb(place, schema, 'query($id: ID!) { artifact(id: $id) { digest } }', { id: sequence['first'] })
    expect(await ask(target)).toEqual(await ask(source))
  })

  it('that are damaged or missing are told by name, and lose nothing else', async () => {
    const damaged = join(bench.base, 'damaged')
    await cp(exported, damaged, { recursive: true })
    const contentOf = (text: string): string => join(damaged, artifactContentPath(sha256Of(text)))
    await appendFile(contentOf('three'), '!')
    await rm(contentOf('1'))
    const fresh = await testOrganization(server)
    const target = { ...source, ...fresh, project: 'mended' }
    await importFrom(exportedOther, { ...target, project: 'other' })
    const outcome = await importFrom(damaged, target)
    const said = outcome.said.join('\n')
    expect(said).toContain(`data:v2: a b/ü.txt: ${contentOf('three')} is missing, or not as it was exported`)
    expect(said).toContain(`gap:v1: w: ${contentOf('1')} is missing, or not as it was exported`)
    expect(outcome.said.at(-1)).toBe('2 runs imported; 6 versions of artifacts imported, 2 failed')
    const names = await client(target).artifacts.versions.query({ ...fresh, project: 'mended', name: 'data' })
    expect(names.versions.map(({ version }) => version)).toEqual([1, 0])
    // Mended, the same import brings the rest.
    await writeFile(contentOf('three'), 'three')
    await writeFile(contentOf('1'), '1')
    expect((await importFrom(damaged, target)).said.at(-1)).toBe(
      '0 runs imported, 2 imported before; 2 versions of artifacts imported, 6 imported before',
    )
    expect(await seen(target)).toEqual(await seen(source))
    // What says which versions there are is whole, or nothing of the artifact is taken.
    await appendFile(join(damaged, 'artifacts/data~2/versions.jsonl'), ' ')
    const changed = await importFrom(damaged, { ...target, project: 'changed' })
    expect(changed.said.join('\n')).toContain('data~2/versions.jsonl is missing, or not as it was exported')
    expect(changed.said.at(-1)).toContain('4 versions of artifacts imported, 2 failed')
  })

  it('leave a version of another content under the same number alone', async () => {
    const { organization } = source
    const target = { ...source, project: 'taken' }
    await testRun(target, { project: 'taken', run: 'r' })
    await logArtifact(target, {
      organization,
      project: 'taken',
      name: 'data',
      files: { mine: 'mine' },
      aliases: ['best'],
    })
    await logArtifact(target, { organization, project: 'taken', name: 'gap', files: { mine: 'of another type' } })
    const { said } = await importFrom(exported, target)
    expect(said.join('\n')).toContain('data:v0: ')
    expect(said.join('\n')).toContain('the project has another version data:v0')
    expect(said.join('\n')).toContain('data:v2: another version is best here, and stays it')
    expect(said.join('\n')).toContain('the artifact gap is of the type dataset, not model')
    const { versions } = await client(target).artifacts.versions.query({ organization, project: 'taken', name: 'data' })
    expect(versions.map(({ version, aliases }) => [version, aliases])).toEqual([
      [2, []],
      [1, []],
      [0, ['best', 'latest']],
    ])
    expect(await fetched(target, { organization, project: 'taken', name: 'data', version: 'v0', path: 'mine' })).toBe(
      'mine',
    )
  })

  it('whose contents the server has lost or damaged are told, and all else is exported', async () => {
    const { organization } = source
    const place = { ...source, project: 'lossy' }
    await testRun(place, { project: 'lossy', run: 'r' })
    const at = { organization, project: 'lossy', name: 'thing' }
    await logArtifact(place, { ...at, files: { kept: 'kept here', lost: 'lost here', damaged: 'damaged here' } })
    await logArtifact(place, { ...at, files: { kept: 'kept here', more: 'more here' } })
    const stored = await readdir(join(server.dataDir, 'files'), { recursive: true })
    const placeOf = (text: string): string =>
      join(server.dataDir, 'files', stored.find((name) => name.endsWith(sha256Of(text))) ?? '')
    await rm(placeOf('lost here'))
    await writeFile(placeOf('damaged here'), 'damaged Here')
    const to = join(bench.base, 'lossy')
    const { lost, said } = await exportTo(place, to)
    expect(lost).toBe(2)
    expect(said.join('\n')).toContain("thing:v0: lost: the server's disk has lost its content; all else is exported")
    expect(said.join('\n')).toContain("thing:v0: damaged: what the server's disk has is damaged; all else is exported")
    const outcome = await bench.kiroku(['export', `${organization}/lossy`, '--to', join(bench.base, 'lossy-2')], {
      env: { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey },
    })
    expect(outcome).toMatchObject({ code: 1 })
    for (const text of ['kept here', 'more here'])
      expect(await readFile(join(to, artifactContentPath(sha256Of(text))), 'utf8')).toBe(text)
    const fresh = await testOrganization(server)
    const brought = await importFrom(to, { ...place, ...fresh, project: 'found' })
    expect(brought.said.join('\n')).toMatch(/thing:v0: (lost|damaged): .* is missing, or not as it was exported/)
    expect(brought.said.at(-1)).toBe('1 run imported; 1 version of artifacts imported, 1 failed')
  })
})
