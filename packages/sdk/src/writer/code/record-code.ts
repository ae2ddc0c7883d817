import { wellKnownFiles } from '@kiroku/core/files'
import type { GitFacts } from '@kiroku/core/runs'
import type { OpenRun } from '../protocol.ts'
import { readGitFacts, readPatch, repositoryRoot, upstreamCommit } from './git.ts'
import { readPackages } from './packages.ts'
import { readProgram } from './program.ts'

/** What is longer is not kept, and that is told. */
export const maxCodeBytes = 10 * 1024 * 1024

/** Where what is found out about a run's code goes. */
export type CodeSink = {
  setFacts(facts: { git: GitFacts }): void
  addFile(file: { path: string; mime: string }, bytes: Uint8Array): void
  tell(text: string): void
}

/**
 * Finds out where a run's code stands and keeps it, as far as its options allow: commit and remote, what differs from the commit and from
 * the upstream branch, the program, the packages. Takes 15 s at most; trouble with git is no trouble here. Never throws.
 */
export async function recordCode({ code, machine, script }: OpenRun, sink: CodeSink): Promise<void> {
  const isTracked = machine.isTold && code.isTracked
  const isGitTracked = isTracked && code.isGitTracked
  const root = isGitTracked ? await repositoryRoot(script.directory) : undefined
  const git = root === undefined ? {} : await readGitFacts(root)
  sink.setFacts({ git })
  if (isTracked) keepProgram(script, root, sink)
  if (machine.isTold && code.savePackages) keepPackages(script, sink)
  if (root !== undefined && git.commit) await keepPatches(root, git.commit, sink)
}

function keepProgram({ program, directory }: OpenRun['script'], root: string | undefined, sink: CodeSink): void {
  const file = readProgram(program, root === undefined ? [directory] : [root, directory], maxCodeBytes)
  if (file === 'tooLong') sink.tell('the program is longer than 10 MiB; no copy of it is kept')
  else if (file !== undefined) sink.addFile({ path: file.path, mime: file.mime }, file.bytes)
}

function keepPackages({ program, directory }: OpenRun['script'], sink: CodeSink): void {
  const packages = readPackages(program, directory)
  if (packages === undefined) return
  const bytes = Buffer.from(`${JSON.stringify(packages, null, 2)}\n`)
  sink.addFile({ path: wellKnownFiles.packages, mime: 'application/json' }, bytes)
}

async function keepPatches(root: string, commit: string, sink: CodeSink): Promise<void> {
  const keep = async (path: string, from: string, what: string): Promise<void> => {
    const patch = await readPatch(root, from, maxCodeBytes)
    if (patch === 'tooLong') sink.tell(`what differs from ${what} is longer than 10 MiB; ${path} is not kept`)
    else if (patch !== undefined && patch.length > 0) sink.addFile({ path, mime: 'text/x-patch' }, patch)
  }
  await keep(wellKnownFiles.patch, commit, 'the commit')
  const upstream = await upstreamCommit(root)
  if (upstream !== undefined && upstream !== commit)
    await keep(`diff_${upstream}.patch`, upstream, 'the upstream branch')
}
