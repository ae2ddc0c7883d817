import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Bench, type Outcome, type Served, storedRun } from '../test/harness.ts'
import { WorkingCopy } from '../test/repository.ts'

const bench = new Bench()
const { base } = bench
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(base, 'data'))
})

let names = 0
const freshDirectory = (): string => join(base, `repository-${names++}`)

/** A repository whose copy has staged and unstaged changes, and a file that git does not know. */
function changedRepository() {
  const directory = freshDirectory()
  const { origin, copy, commit } = WorkingCopy.create(directory)
  const change = (): void => {
    copy.write('train.txt', 'one\n2\nthree\n')
    copy.write('new.txt', 'staged\n')
    copy.git('add', 'new.txt')
    copy.write('src/model.txt', 'large\n')
    copy.write('untracked.txt', 'not for git\n')
  }
  return { origin, copy, commit, change, clone: () => WorkingCopy.clone(origin, join(directory, `clone-${names++}`)) }
}

async function train(copy: WorkingCopy, id: string, env: Record<string, string> = {}): Promise<void> {
  const outcome = await bench.script('tracked.mjs', [id], { cwd: copy.directory, env }).ended
  expect(outcome).toMatchObject({ code: 0 })
}

const restore = (copy: WorkingCopy, ...args: string[]): Promise<Outcome> =>
  bench.kiroku(['restore', ...args], { cwd: copy.directory })

const contentOf = (copy: WorkingCopy): Record<string, string | null> =>
  Object.fromEntries(
    ['train.txt', 'new.txt', 'src/model.txt', 'untracked.txt'].map((path) => {
      const file = join(copy.directory, path)
      return [path, existsSync(file) ? readFileSync(file, 'utf8') : null]
    }),
  )

const asRun = {
  'train.txt': 'one\n2\nthree\n',
  'new.txt': 'staged\n',
  'src/model.txt': 'large\n',
  'untracked.txt': null,
}

const configOf = async (copy: WorkingCopy): Promise<unknown> =>
  JSON.parse(await readFile(join(copy.directory, '.kiroku', 'config.json'), 'utf8'))

describe('6.3 restore', () => {
  it('checks out the commit on a branch of its own, applies staged and unstaged changes, and writes the config', async () => {
    const { copy, change, clone, commit } = changedRepository()
    change()
    await train(copy, 'changed')
    const elsewhere = clone()
    const { code, stderr } = await restore(elsewhere, 'demo:changed')
    expect(stderr.split('\n')).toEqual([
      `Fetching origin and finding commit: ${commit}`,
      'Created branch kiroku/changed',
      'Applied patch',
      'Restored config variables to .kiroku/config.json',
      '',
    ])
    expect(code).toBe(0)
    expect(contentOf(elsewhere)).toEqual(asRun)
    expect([elsewhere.branch(), elsewhere.head()]).toEqual(['kiroku/changed', commit])
    expect(await configOf(elsewhere)).toEqual({ lr: 0.1, diverged: { $n: 'NaN' }, deep: { on: true } })
    expect(elsewhere.git('status', '--porcelain', '--', '.kiroku')).toBe('')
    // A run that begins with that file has the same config, NaN too.
    const again = bench.script('tracked.mjs', ['from-file', '.kiroku/config.json'], { cwd: elsewhere.directory })
    expect(await again.ended).toMatchObject({ code: 0 })
    const { config } = await storedRun(server, 'demo', 'changed')
    expect((await storedRun(server, 'demo', 'from-file')).config).toEqual(config)
  })

  it('takes up the branch that is there, and says how to begin anew', async () => {
    const { copy, change, clone } = changedRepository()
    change()
    await train(copy, 'again')
    const elsewhere = clone()
    await restore(elsewhere, 'demo:again')
    elsewhere.git('checkout', '--quiet', '--force', 'main')
    elsewhere.git('clean', '-fdq', 'new.txt')
    const { code, stderr } = await restore(elsewhere, 'demo:again')
    expect(stderr).toContain('Using existing branch, run `git branch -D kiroku/again` from another branch')
    expect({ code, branch: elsewhere.branch(), content: contentOf(elsewhere) }).toEqual({
      code: 0,
      branch: 'kiroku/again',
      content: asRun,
    })
  })

  it('makes no branch with --no-branch, and leaves git alone with --no-git', async () => {
    const { copy, change, clone, commit } = changedRepository()
    change()
    await train(copy, 'flags')
    const detached = clone()
    expect(await restore(detached, 'demo:flags', '--no-branch')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`Checked out ${commit} in detached mode\nApplied patch\n`),
    })
    expect([detached.branch(), detached.git('branch', '--list', 'kiroku/*')]).toEqual(['HEAD', ''])
    const untouched = clone()
    const { code, stderr } = await restore(untouched, 'demo:flags', '--no-git')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Restored config variables to .kiroku/config.json\n' })
    expect([untouched.branch(), contentOf(untouched)['train.txt']]).toEqual(['main', 'one\ntwo\nthree\n'])
    expect(await configOf(untouched)).toMatchObject({ lr: 0.1 })
  })

  it('falls back to the upstream commit and its patch where the commit was never pushed', async () => {
    const { copy, change, clone, commit: pushed } = changedRepository()
    copy.write('train.txt', 'one\ncommitted\nthree\n')
    const unpushed = copy.commit('not pushed')
    change()
    await train(copy, 'unpushed')
    const elsewhere = clone()
    const { code, stderr } = await restore(elsewhere, 'demo:unpushed')
    expect(stderr).toContain(
      `Couldn't find original commit: ${unpushed}\nFalling back to upstream commit: ${pushed}\n` +
        'Created branch kiroku/unpushed\nApplied patch\n',
    )
    expect({ code, head: elsewhere.head(), content: contentOf(elsewhere) }).toEqual({
      code: 0,
      head: pushed,
      content: asRun,
    })
  })

  it('applies the patch of the local run folder that an ignore glob kept there, under its old name too (defect 9)', async () => {
    const { copy, change, clone, commit: pushed } = changedRepository()
    change()
    await train(copy, 'kept', { WANDB_IGNORE_GLOBS: '*.patch' })
    copy.git('reset', '--quiet', '--hard')
    expect(contentOf(copy)['train.txt']).toBe('one\ntwo\nthree\n')
    expect(await restore(copy, 'demo:kept')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Applied patch\n'),
    })
    expect(contentOf(copy)).toEqual({ ...asRun, 'untracked.txt': 'not for git\n' })
    expect((await storedRun(server, 'demo', 'kept')).git.isDirty).toBe(true)
    // Somebody without the folder is told that the patch is missing.
    const elsewhere = clone()
    expect(await restore(elsewhere, 'demo:kept')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('kept ran with changes that were not committed, but their patch is neither on'),
    })

    copy.git('checkout', '--quiet', '--force', 'main')
    copy.write('train.txt', 'one\ncommitted\nthree\n')
    copy.commit('not pushed')
    change()
    await train(copy, 'oldname', { KIROKU_IGNORE_GLOBS: '*.patch' })
    const runs = join(copy.directory, '.kiroku', 'runs')
    const folder = join(runs, readdirSync(runs).find((name) => name.endsWith('-oldname')) ?? '', 'files')
    renameSync(join(folder, `diff_${pushed}.patch`), join(folder, `upstream_diff_${pushed}.patch`))
    const third = clone()
    const { code, stderr } = await restore(third, 'demo:oldname', '--dir', join(copy.directory, '.kiroku'))
    expect(stderr).toContain(`Falling back to upstream commit: ${pushed}\n`)
    // What git did not know before the commit is in the commit, and so in the patch.
    expect({ code, content: contentOf(third) }).toEqual({
      code: 0,
      content: { ...asRun, 'untracked.txt': 'not for git\n' },
    })
  })

  it('restores the config of a run whose code was switched off, and says what is not there', async () => {
    const { copy, change } = changedRepository()
    change()
    for (const variable of ['KIROKU_DISABLE_CODE', 'WANDB_DISABLE_CODE']) {
      const id = variable.slice(0, 6).toLowerCase()
      await train(copy, id, { [variable]: 'true' })
      const { code, stderr } = await restore(copy, `demo:${id}`)
      expect(stderr).toMatch(
        /^No commit is recorded with \w+ [^\n]*: restoring its config only\nRestored config [^\n]*\n$/,
      )
      expect({ code, branch: copy.branch() }).toEqual({ code: 0, branch: 'main' })
    }
  })

  it('knows the project of a run that was made here, and says elsewhere how to name it', async () => {
    const { copy, clone } = changedRepository()
    await train(copy, 'here')
    expect(await restore(copy, 'here', '--no-git')).toMatchObject({ code: 0 })
    const elsewhere = await restore(clone(), 'here', '--no-git')
    expect(elsewhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has no run .*here; name it as project:id/),
    })
    const pulled = await bench.kiroku(['pull', 'here', '--dir', freshDirectory()], { cwd: copy.directory })
    expect(pulled).toMatchObject({ code: 0 })
  })

  it('restores a run that no server has from its local folder', async () => {
    const { copy, change } = changedRepository()
    change()
    await train(copy, 'unsent', { KIROKU_MODE: 'offline' })
    copy.git('reset', '--quiet', '--hard')
    const { code, stderr } = await restore(copy, 'demo:unsent')
    expect(stderr).toMatch(/; restoring from [^\n]*-unsent\n(?:[^\n]*\n)*Applied patch\nRestored config/)
    expect({ code, train: contentOf(copy)['train.txt'] }).toEqual({ code: 0, train: 'one\n2\nthree\n' })
    expect(await configOf(copy)).toMatchObject({ lr: 0.1, diverged: { $n: 'NaN' } })
  })
})
