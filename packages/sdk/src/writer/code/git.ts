import { execFile } from 'node:child_process'
import { type GitFacts, withoutSecrets } from '@kiroku/core/runs'
import { gitEnvironment } from '../../env.ts'

/** Facts are quick to find, and a run's creation waits for them; what differs may take longer. */
const factsTimeoutMs = 1_500
const patchTimeoutMs = 5_000
const maxOutputBytes = 16 * 1024 * 1024

type GitOptions = { directory: string; timeoutMs: number; maxBytes: number }

/** What git said; `tooLong` beyond `maxBytes`; undefined when it is missing, refuses or takes too long. Never throws. */
function run(
  words: readonly string[],
  { directory, timeoutMs, maxBytes }: GitOptions,
): Promise<Buffer | 'tooLong' | undefined> {
  return new Promise((resolve) => {
    const options = {
      cwd: directory,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      env: gitEnvironment(),
      maxBuffer: maxBytes,
      encoding: 'buffer',
      windowsHide: true,
    } as const
    try {
      // Nothing that a repository's settings name is started for the sake of a look.
      execFile('git', ['-c', 'core.fsmonitor=false', ...words], options, (error, output) => {
        if (error === null) resolve(output)
        else resolve(error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' ? 'tooLong' : undefined)
      })
    } catch {
      resolve(undefined)
    }
  })
}

async function ask(directory: string, ...words: string[]): Promise<string | null> {
  const output = await run(words, { directory, timeoutMs: factsTimeoutMs, maxBytes: maxOutputBytes })
  return output === undefined || output === 'tooLong' ? null : output.toString().trim()
}

/** Where the code in a directory stands; nothing when it is in no repository. Takes 3 s at most, never throws. */
export async function readGitFacts(directory: string): Promise<GitFacts> {
  const commit = await ask(directory, 'rev-parse', '--verify', '--quiet', 'HEAD')
  if (commit === null) return {}
  const [branch, remote, changes] = await Promise.all([
    ask(directory, 'symbolic-ref', '--short', '--quiet', 'HEAD'),
    ask(directory, 'remote', 'get-url', 'origin'),
    ask(directory, 'status', '--porcelain', '--untracked-files=no'),
  ])
  return {
    commit: commit.slice(0, 64),
    branch: branch?.slice(0, 256) ?? null,
    remote: remote === null ? null : withoutSecrets(remote).slice(0, 1024),
    isDirty: changes === null ? null : changes !== '',
  }
}

/** The root of the repository that a directory is in; undefined when it is in none. */
export async function repositoryRoot(directory: string): Promise<string | undefined> {
  return (await ask(directory, 'rev-parse', '--show-toplevel')) || undefined
}

/** The commit that the current branch's upstream stands at; undefined without one. */
export async function upstreamCommit(root: string): Promise<string | undefined> {
  const commit = await ask(root, 'rev-parse', '--verify', '--quiet', '@{upstream}^{commit}')
  return commit !== null && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined
}

/**
 * What differs in the working tree from a commit, staged or not, as a patch that `git apply` takes from the root; empty when nothing does.
 * `tooLong` beyond `maxBytes`; undefined when git does not tell within 5 s.
 */
export function readPatch(root: string, commit: string, maxBytes: number): Promise<Buffer | 'tooLong' | undefined> {
  // Without --binary one changed picture would make git apply refuse the whole patch. The other options keep out what a user's own
  // settings may make of a diff.
  const words = ['--binary', '--submodule=diff', '--no-color', '--no-ext-diff', '--no-textconv', '--no-relative']
  const prefixes = ['--src-prefix=a/', '--dst-prefix=b/']
  return run(['diff', ...words, ...prefixes, commit, '--'], { directory: root, timeoutMs: patchTimeoutMs, maxBytes })
}
