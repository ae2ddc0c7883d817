import { join } from 'node:path'
import { packageListSchema } from '@kiroku/core/files'
import { client, testOrganization, testServer } from '@kiroku/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Programs, programText } from './program.ts'
import { Repository } from './repository.ts'
import { endedRun, type Place } from './stored-run.ts'

let server: Awaited<ReturnType<typeof testServer>>
let place: Place
let env: Record<string, string>
beforeAll(async () => {
  server = await testServer()
  place = await testOrganization(server)
  env = { KIROKU_URL: place.url, KIROKU_API_KEY: place.apiKey, KIROKU_PROJECT: 'demo' }
})
afterAll(() => server.close())

const finishing = programText(`const run = kiroku.init()
run.log({ loss: 1 })
await run.finish()`)

/** A repository with a training script that differs from its commit, a package, a remote with a password and a file nobody added. */
function project(): Repository {
  const repository = new Repository()
  repository.commit({
    'src/train.mjs': 'nothing yet\n',
    'package.json': '{"dependencies": {"zod": "4"}}',
    '.gitignore': 'node_modules\n',
  })
  repository.git('remote', 'add', 'origin', 'https://someone:secret@example.com/a.git')
  repository.write({
    'src/train.mjs': finishing,
    'node_modules/zod/package.json': '{"version": "4.5.6"}',
    'untracked.txt': 'a data set\n',
  })
  return repository
}

async function fileOf(run: string, path: string): Promise<string> {
  const { organization } = place
  const files = await client(place).files.list.query({ organization, project: 'demo', run })
  const file = files.find((each) => each.path === path)
  if (file === undefined) throw new Error(`${run} has no ${path}, but ${files.map((each) => each.path).join(', ')}`)
  const query = new URLSearchParams({ organization, project: 'demo', run, path })
  const answer = await fetch(`${place.url}/api/files?${query}`, {
    headers: { authorization: `Bearer ${place.apiKey}` },
  })
  expect(answer.status).toBe(200)
  return answer.text()
}

async function pathsOf(run: string): Promise<string[]> {
  const files = await client(place).files.list.query({ organization: place.organization, project: 'demo', run })
  return files.map(({ path }) => path)
}

type Case = { run: string; switches: Record<string, string>; hasGit: boolean; paths: string[] }

describe('6.1 what is recorded, by switch', () => {
  it.each<Case>([
    { run: 'all', switches: {}, hasGit: true, paths: ['code/src/train.mjs', 'diff.patch', 'packages.json'] },
    { run: 'no-code', switches: { KIROKU_DISABLE_CODE: 'true' }, hasGit: false, paths: ['packages.json'] },
    { run: 'no-code-w', switches: { WANDB_DISABLE_CODE: 'true' }, hasGit: false, paths: ['packages.json'] },
    {
      run: 'no-git',
      switches: { KIROKU_DISABLE_GIT: 'true' },
      hasGit: false,
      paths: ['code/train.mjs', 'packages.json'],
    },
    {
      run: 'no-packages',
      switches: { KIROKU_SAVE_PACKAGES: 'false' },
      hasGit: true,
      paths: ['code/src/train.mjs', 'diff.patch'],
    },
    { run: 'no-machine', switches: { KIROKU_DISABLE_MACHINE_INFO: 'true' }, hasGit: false, paths: [] },
  ])('$run: $paths', async ({ run, switches, hasGit, paths }) => {
    using repository = project()
    using programs = new Programs(env)
    const cwd = join(repository.root, 'src')
    const ended = await programs.run(join(cwd, 'train.mjs'), cwd, { KIROKU_RUN_ID: run, ...switches })
    expect(ended.exitCode, ended.stderr).toBe(0)
    const stored = await endedRun(place, run)
    const isTold = run !== 'no-machine'
    expect(await pathsOf(run)).toEqual(paths)
    expect(programs.localFiles(run)).toEqual(paths)
    expect(stored.git).toEqual(
      hasGit
        ? {
            commit: repository.git('rev-parse', 'HEAD'),
            branch: 'trunk',
            remote: 'https://example.com/a.git',
            isDirty: true,
          }
        : {},
    )
    expect(stored.host.hostname !== undefined).toBe(isTold)
    const { metrics } = await client(place).metrics.byRun.query({
      organization: place.organization,
      project: 'demo',
      run,
    })
    expect(metrics.some(({ stream }) => stream === 'system')).toBe(isTold)
  })

  it.each(['KIROKU_IGNORE_GLOBS', 'WANDB_IGNORE_GLOBS'])(
    '%s=*.patch: the patch stays in the local folder and is not uploaded',
    async (name) => {
      using repository = project()
      using programs = new Programs(env)
      const run = `ignored-${name.toLowerCase().slice(0, 5)}`
      await programs.run(join(repository.root, 'src/train.mjs'), repository.root, {
        KIROKU_RUN_ID: run,
        [name]: '*.patch',
      })
      await endedRun(place, run)
      expect(await pathsOf(run)).toEqual(['code/src/train.mjs', 'packages.json'])
      expect(programs.localFiles(run)).toEqual(['code/src/train.mjs', 'diff.patch', 'packages.json'])
    },
  )
})

describe('6.2 patches', () => {
  it('arrive as git made them, and make the working tree again', async () => {
    using origin = project()
    origin.git('add', 'src')
    origin.git('commit', '-qm', 'the script')
    using clone = new Repository(origin)
    const upstream = clone.git('rev-parse', 'HEAD')
    const program = `${finishing}// committed here\n`
    const commit = clone.commit({ 'src/train.mjs': program, 'picture.bin': Uint8Array.of(0, 255, 0, 254) })
    clone.write({
      'package.json': '{}',
      'src/train.mjs': `${program}// not committed\n`,
      'untracked.txt': 'a data set\n',
    })
    using programs = new Programs(env)
    await programs.run(join(clone.root, 'src/train.mjs'), clone.root, { KIROKU_RUN_ID: 'patched' })
    const stored = await endedRun(place, 'patched')
    expect(stored.git).toMatchObject({ commit, isDirty: true })
    const path = `diff_${upstream}.patch`
    expect(await pathsOf('patched')).toEqual(['code/src/train.mjs', 'diff.patch', path, 'packages.json'].sort())
    expect(await fileOf('patched', 'code/src/train.mjs')).toBe(`${program}// not committed\n`)
    const patch = await fileOf('patched', 'diff.patch')
    expect(patch).toContain('+// not committed')
    expect(patch).not.toMatch(/a data set|picture/)
    using again = new Repository(origin)
    again.write({ '.git/tried.patch': await fileOf('patched', path) })
    again.git('apply', '.git/tried.patch')
    again.git('add', '.')
    clone.git('add', 'src', 'package.json')
    expect(again.git('write-tree')).toBe(clone.git('write-tree'))
  })

  it('are there of a script that ends at once, and of one on a detached head; none outside of a repository', async () => {
    using repository = project()
    repository.git('checkout', '-q', '--detach')
    repository.write({ 'at-once.mjs': programText('kiroku.init().log({ loss: 1 })\nprocess.exit(0)') })
    using programs = new Programs(env)
    await programs.run(join(repository.root, 'at-once.mjs'), repository.root, { KIROKU_RUN_ID: 'at-once' })
    const stored = await endedRun(place, 'at-once')
    expect(stored.git).toMatchObject({ branch: null, isDirty: true })
    expect(await pathsOf('at-once')).toEqual(['code/at-once.mjs', 'diff.patch', 'packages.json'])
    using outside = new Programs(env)
    await outside.run(join(repository.root, 'src/train.mjs'), outside.directory, { KIROKU_RUN_ID: 'outside' })
    expect((await endedRun(place, 'outside')).git).toEqual({})
    expect(await pathsOf('outside')).toEqual(['code/train.mjs', 'packages.json'])
  })

  it('name what is installed of what the program asks for', async () => {
    using repository = project()
    using programs = new Programs(env)
    await programs.run(join(repository.root, 'src/train.mjs'), repository.root, { KIROKU_RUN_ID: 'packages' })
    await endedRun(place, 'packages')
    const list = packageListSchema.parse(JSON.parse(await fileOf('packages', 'packages.json')))
    expect(list).toEqual({ node: process.versions.node, packages: { zod: '4.5.6' } })
  })
})
