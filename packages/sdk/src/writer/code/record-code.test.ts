import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { packageListSchema } from '@kiroku/core/files'
import type { GitFacts } from '@kiroku/core/runs'
import { describe, expect, it } from 'vitest'
import { Repository } from '../../../test/repository.ts'
import { type OpenRunInput, openRunSchema } from '../protocol.ts'
import { readPackages } from './packages.ts'
import { readProgram } from './program.ts'
import { recordCode } from './record-code.ts'

type Told = { git: GitFacts | undefined; files: Record<string, string>; texts: string[] }

async function record(directory: string, program: string, options: Partial<OpenRunInput> = {}): Promise<Told> {
  const told: Told = { git: undefined, files: {}, texts: [] }
  const open = openRunSchema.parse({
    directory: '/nowhere',
    root: '/nowhere',
    apiKey: null,
    header: {
      v: 1,
      url: null,
      create: { project: 'demo', run: 'one', writer: 'abcdefgh01234567', startedAt: 0 },
    },
    stats: null,
    isQuiet: true,
    script: { program, arguments: [], directory },
    ...options,
  })
  await recordCode(open, {
    setFacts: ({ git }) => {
      told.git = git
    },
    addFile: ({ path }, bytes) => {
      told.files[path] = Buffer.from(bytes).toString()
    },
    tell: (text) => void told.texts.push(text),
  })
  return told
}

const all = { isTracked: true, isGitTracked: true, ignoreGlobs: [], savePackages: true }

function project(from?: Repository): Repository {
  const repository = new Repository(from)
  repository.commit({
    'package.json': JSON.stringify({
      dependencies: { zod: '^4' },
      devDependencies: { '@scope/tool': '1', missing: '1' },
    }),
    'src/train.js': 'console.log(1)\n',
    '.gitignore': 'node_modules\n',
  })
  repository.write({
    'node_modules/zod/package.json': '{"version": "4.1.2"}',
    'node_modules/@scope/tool/package.json': '{"version": "1.0.0"}',
  })
  return repository
}

describe('6.1 what is recorded of the code', () => {
  it('is commit, patch, program and packages', async () => {
    using repository = project()
    repository.write({ 'src/train.js': 'console.log(2)\n' })
    const { git, files, texts } = await record(join(repository.root, 'src'), join(repository.root, 'src/train.js'))
    expect(git).toMatchObject({ commit: repository.git('rev-parse', 'HEAD'), isDirty: true })
    expect(Object.keys(files).sort()).toEqual(['code/src/train.js', 'diff.patch', 'packages.json'])
    expect(files['code/src/train.js']).toBe('console.log(2)\n')
    expect(packageListSchema.parse(JSON.parse(files['packages.json'] ?? ''))).toEqual({
      node: process.versions.node,
      packages: { '@scope/tool': '1.0.0', zod: '4.1.2' },
    })
    expect(texts).toEqual([])
  })

  it('is no patch where nothing differs, and the upstream patch only where the branch is ahead or behind', async () => {
    using origin = project()
    using clone = new Repository(origin)
    const program = join(clone.root, 'src/train.js')
    expect(Object.keys((await record(clone.root, program)).files).sort()).toEqual([
      'code/src/train.js',
      'packages.json',
    ])
    const upstream = clone.git('rev-parse', 'HEAD')
    clone.commit({ 'more.txt': 'more\n' })
    const ahead = await record(clone.root, program)
    expect(Object.keys(ahead.files)).toContain(`diff_${upstream}.patch`)
    expect(Object.keys(ahead.files)).not.toContain('diff.patch')
    clone.git('reset', '-q', '--hard', upstream)
    const next = origin.commit({ 'other.txt': 'other\n' })
    clone.git('fetch', '-q')
    expect(Object.keys((await record(clone.root, program)).files)).toContain(`diff_${next}.patch`)
  })

  it.each([
    ['nothing of it without code', { code: { ...all, isTracked: false } }, false, ['packages.json']],
    [
      'the program without git',
      { code: { ...all, isGitTracked: false } },
      false,
      ['code/src/train.js', 'packages.json'],
    ],
    [
      'no packages where they are not wanted',
      { code: { ...all, savePackages: false } },
      true,
      ['code/src/train.js', 'diff.patch'],
    ],
    ['nothing at all where nothing of the machine may be told', { machine: { isTold: false } }, false, []],
  ])('is %s', async (_what, options, hasGit, paths) => {
    using repository = project()
    repository.write({ 'src/train.js': 'changed\n' })
    const { git, files } = await record(repository.root, join(repository.root, 'src/train.js'), options)
    expect([git?.commit !== undefined, Object.keys(files).sort()]).toEqual([hasGit, paths])
  })

  it('is told where a patch is too long, and nothing of it is kept then', async () => {
    using repository = project()
    repository.write({ 'src/train.js': `${'x'.repeat(99)}\n`.repeat(120_000) })
    const { files, texts } = await record(repository.root, join(repository.root, 'src/train.js'))
    expect(Object.keys(files)).toEqual(['packages.json'])
    expect(texts).toEqual([
      'the program is longer than 10 MiB; no copy of it is kept',
      'what differs from the commit is longer than 10 MiB; diff.patch is not kept',
    ])
  })
})

describe('the program', () => {
  it('is found without its ending and behind links, and named by the first root that it is in', () => {
    using repository = project()
    using outside = new Repository()
    const program = join(repository.root, 'src/train')
    expect(readProgram(program, [repository.root], 1000)?.valueOf()).toMatchObject({ path: 'code/src/train.js' })
    expect(readProgram(program, [outside.root, join(repository.root, 'src')], 1000)).toMatchObject({
      path: 'code/train.js',
    })
    expect(readProgram(program, [outside.root], 1000)).toMatchObject({ path: 'code/train.js', mime: 'text/javascript' })
    symlinkSync(join(repository.root, 'src/train.js'), join(outside.root, 'link.js'))
    expect(readProgram(join(outside.root, 'link.js'), [repository.root], 1000)).toMatchObject({
      path: 'code/src/train.js',
    })
    expect([readProgram(null, [], 1000), readProgram(join(repository.root, 'gone'), [], 1000)]).toEqual([
      undefined,
      undefined,
    ])
    expect(readProgram(program, [repository.root], 3)).toBe('tooLong')
  })
})

describe('the packages', () => {
  it('are found above the program, and names that lead elsewhere are none', () => {
    using repository = new Repository()
    mkdirSync(join(repository.root, 'a/b'), { recursive: true })
    expect(readPackages(join(repository.root, 'gone.js'), repository.root)?.packages ?? {}).toEqual({})
    repository.write({
      'package.json': JSON.stringify({ dependencies: { up: '1', '../secret': '1', '.': '1' }, devDependencies: 7 }),
      'secret/package.json': '{"version": "6.6.6"}',
      'node_modules/up/package.json': '{"version": "1.2.3"}',
      'node_modules/package.json': '{"version": "6.6.6"}',
      'a/package.json': '{ not json',
    })
    const found = readPackages(join(repository.root, 'a/b/train.js'), '/')
    expect(found?.packages).toEqual({ up: '1.2.3' })
  })
})
