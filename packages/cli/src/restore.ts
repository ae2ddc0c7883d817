import { mkdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import { wellKnownFiles } from '@kiroku/core/files'
import { makeWorkspace, workingDirectory } from '@kiroku/sdk/settings'
import type { Environment } from './env.ts'
import { GitRepository } from './git-repository.ts'
import { type RecordedRun, readRecordedRun } from './recorded-run.ts'
import { replaceFile } from './replace-file.ts'
import type { Terminal } from './terminal.ts'
import { workspaceOf } from './workspace.ts'

export type RestoreOptions = {
  run: string
  /** False: the code is left alone. */
  git: boolean
  /** False: the commit is checked out without a branch. */
  branch: boolean
  dir?: string | undefined
  url?: string | undefined
}

/** A commit to check out, and the patch that makes it what the run ran. */
type Code = { commit: string; patch: { name: string; content: Buffer } | undefined }

/**
 * Brings back what a run ran with: checks out its commit, applies its patch, writes its config. Answers whether all of it
 * could be brought back; what could not is told. Throws `KirokuError` when the run is unknown or its commit is nowhere.
 */
export async function restore(terminal: Terminal, environment: Environment, options: RestoreOptions): Promise<boolean> {
  const root = workspaceOf(environment, options.dir)
  const run = await readRecordedRun(terminal, environment, { name: options.run, url: options.url, root })
  makeWorkspace(root)
  const isWhole = !options.git || (await restoreCode(terminal, run, { root, hasBranch: options.branch }))
  const path = join(root, 'config.json')
  await replaceFile(path, `${JSON.stringify(run.config, null, 2)}\n`)
  terminal.say(`Restored config variables to ${relative(workingDirectory(), path)}`)
  return isWhole
}

async function restoreCode(
  terminal: Terminal,
  run: RecordedRun,
  { root, hasBranch }: { root: string; hasBranch: boolean },
): Promise<boolean> {
  const repository = await GitRepository.around(workingDirectory())
  if (run.commit === undefined) {
    terminal.say(
      `No commit is recorded with ${run.id} (no repository, or code was switched off): restoring its config only`,
    )
    return true
  }
  if (repository === undefined) throw wrongPlace(run)
  const { commit, patch } = await findCode(terminal, repository, run, run.commit)
  // Written before anything is checked out, so that it is there whatever comes of that.
  const patchPath = patch && join(root, patch.name)
  if (patch && patchPath) await replaceFile(patchPath, patch.content)
  await checkOut(terminal, repository, { commit, branch: hasBranch ? `kiroku/${run.id}` : undefined })
  if (patchPath === undefined) {
    terminal.say(run.isDirty ? noPatch(run) : `${run.id} ran the commit as it is: there is no patch to apply`)
    return !run.isDirty
  }
  // The working directory, and what is in it, may have gone with the checkout.
  await mkdir(root, { recursive: true })
  const problem = await repository.apply(patchPath)
  if (problem === undefined) {
    terminal.say('Applied patch')
    return true
  }
  terminal.say(
    `Failed to apply patch, try un-staging any un-committed changes (${problem}); it is in ${relative(workingDirectory(), patchPath)}`,
  )
  return false
}

const noPatch = ({ id }: RecordedRun): string =>
  `${id} ran with changes that were not committed, but their patch is neither on the server nor in a local run folder`

/** The commit if it is to be had, else the commit of an upstream patch that is. Throws NOT_FOUND when neither is. */
async function findCode(
  terminal: Terminal,
  repository: GitRepository,
  run: RecordedRun,
  commit: string,
): Promise<Code> {
  terminal.say(`Fetching origin and finding commit: ${commit}`)
  const problem = await repository.fetchAll()
  if (problem !== undefined) terminal.say(`git fetch failed (${problem}); looking among the commits that are here`)
  if (await repository.hasCommit(commit)) {
    const content = await run.readFile(wellKnownFiles.patch)
    return { commit, patch: content === undefined ? undefined : { name: wellKnownFiles.patch, content } }
  }
  terminal.say(`Couldn't find original commit: ${commit}`)
  for (const name of await run.fileNames()) {
    const upstream = wellKnownFiles.upstreamPatch.exec(name)?.[1]
    if (upstream === undefined || !(await repository.hasCommit(upstream))) continue
    const content = await run.readFile(name)
    if (content === undefined) continue
    terminal.say(`Falling back to upstream commit: ${upstream}`)
    return { commit: upstream, patch: { name, content } }
  }
  throw wrongPlace(run)
}

/** What a remote looks like that can be put in a command without quotes. */
const plainRemote = /^[\w@][\w@:/.~+-]*$/

function wrongPlace({ remote }: RecordedRun): KirokuError {
  const clone =
    remote !== undefined && plainRemote.test(remote)
      ? `Run \`git clone ${remote}\` and restore from there or pass the --no-git flag.`
      : 'Restore from a clone of that repository or pass the --no-git flag.'
  return new KirokuError({
    code: 'NOT_FOUND',
    message: `\`kiroku restore\` needs to be run from the same git repository as the original run. ${clone}`,
  })
}

async function checkOut(
  terminal: Terminal,
  repository: GitRepository,
  { commit, branch }: { commit: string; branch: string | undefined },
): Promise<void> {
  if (branch === undefined) {
    await repository.checkOutDetached(commit)
    terminal.say(`Checked out ${commit} in detached mode`)
  } else if (await repository.hasBranch(branch)) {
    await repository.checkOutBranch(branch)
    terminal.say(`Using existing branch, run \`git branch -D ${branch}\` from another branch for a clean checkout`)
  } else if (await repository.canBeBranch(branch)) {
    await repository.checkOutBranch(branch, commit)
    terminal.say(`Created branch ${branch}`)
  } else {
    throw new KirokuError({ code: 'BAD_REQUEST', message: `git takes no branch ${branch}: pass --no-branch` })
  }
}
