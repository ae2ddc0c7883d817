import { execFile } from 'node:child_process'
import { KirokuError } from '@kiroku/core/errors'
import { gitEnvironment } from './env.ts'

type Outcome = { code: number; stdout: string; stderr: string }

const longestOutputBytes = 64 * 1024 * 1024

/** A git repository, from the outside: every call is git itself, with arguments, never through a shell. */
export class GitRepository {
  /** Where its working tree is. */
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** The repository that a directory is in; undefined where there is none. Throws UNAVAILABLE without git. */
  static async around(directory: string): Promise<GitRepository | undefined> {
    const { code, stdout } = await git(directory, ['rev-parse', '--show-toplevel'])
    const root = stdout.replace(/\r?\n$/, '')
    return code === 0 && root !== '' ? new GitRepository(root) : undefined
  }

  /** Fetches from every remote; answers what went wrong, if anything did. */
  async fetchAll(): Promise<string | undefined> {
    const { code, stderr } = await this.#git(['fetch', '--quiet', '--all'])
    return code === 0 ? undefined : gist(stderr)
  }

  /** Whether it has a commit of this SHA. */
  async hasCommit(sha: string): Promise<boolean> {
    return (await this.#git(['cat-file', '-e', `${sha}^{commit}`])).code === 0
  }

  /** Whether a text can be the name of a branch. */
  async canBeBranch(name: string): Promise<boolean> {
    return (await this.#git(['check-ref-format', '--branch', name])).code === 0
  }

  async hasBranch(name: string): Promise<boolean> {
    return (await this.#git(['show-ref', '--verify', '--quiet', `refs/heads/${name}`])).code === 0
  }

  /** Checks out a branch, after making it at `commit` where one is given. Throws CONFLICT with git's own words. */
  async checkOutBranch(name: string, commit?: string): Promise<void> {
    await this.#checkOut(commit === undefined ? [name] : ['-b', name, commit])
  }

  /** Checks out a commit without a branch. Throws CONFLICT with git's own words. */
  async checkOutDetached(commit: string): Promise<void> {
    await this.#checkOut(['--detach', commit])
  }

  /**
   * Applies a patch to the working tree, what of it can be applied; git itself refuses paths outside the tree, below a
   * symbolic link, and its own files. Answers what went wrong, if anything did.
   */
  async apply(patch: string): Promise<string | undefined> {
    const listed = await this.#git(['apply', '--numstat', '-z', patch])
    if (listed.code !== 0) return gist(listed.stderr)
    // With --reject, git before 2.39.3 writes what it rejects through a link of that name that the patch itself can make.
    const makesRejects = listed.stdout.split('\0').some((line) => /\.rej$/i.test(line))
    const { code, stderr } = await this.#git([
      'apply',
      '--whitespace=nowarn',
      ...(makesRejects ? [] : ['--reject']),
      patch,
    ])
    return code === 0 ? undefined : gist(stderr)
  }

  async #checkOut(args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#git(['checkout', '--quiet', ...args, '--'])
    if (code !== 0) throw new KirokuError({ code: 'CONFLICT', message: `git could not check it out: ${gist(stderr)}` })
  }

  #git(args: readonly string[]): Promise<Outcome> {
    return git(this.root, args)
  }
}

function git(directory: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, env: gitEnvironment(), maxBuffer: longestOutputBytes, windowsHide: true }
    execFile('git', args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
      else
        reject(
          new KirokuError({
            code: 'UNAVAILABLE',
            message: `git cannot be run (${error.code ?? error.message}): install it, or pass --no-git`,
            cause: error,
          }),
        )
    })
  })
}

/** The lines of git that say why, as one. */
function gist(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const errors = lines
    .filter((line) => /^(error|fatal):/.test(line) && !line.endsWith('while searching for:'))
    .map((line) => line.replace(/^(error|fatal): /, ''))
  return (
    (errors.length > 0 ? errors : lines.filter((line) => line !== '')).slice(0, 3).join('; ') || 'it did not say why'
  )
}
