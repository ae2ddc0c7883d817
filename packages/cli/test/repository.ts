import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A working copy with an `origin`, as people have it. */
export class WorkingCopy {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** A bare repository with one commit, and a first working copy of it. */
  static create(directory: string): { origin: string; copy: WorkingCopy; commit: string } {
    const origin = join(directory, 'origin.git')
    mkdirSync(directory, { recursive: true })
    git(directory, 'init', '--quiet', '--bare', '--initial-branch=main', origin)
    const copy = WorkingCopy.clone(origin, join(directory, 'work'))
    copy.write('train.txt', 'one\ntwo\nthree\n')
    copy.write('src/model.txt', 'small\n')
    const commit = copy.commit('first')
    copy.git('push', '--quiet', 'origin', 'HEAD:main')
    copy.git('branch', '--quiet', '--set-upstream-to=origin/main')
    return { origin, copy, commit }
  }

  static clone(origin: string, directory: string): WorkingCopy {
    git('/', 'clone', '--quiet', origin, directory)
    return new WorkingCopy(directory)
  }

  git(...args: string[]): string {
    return git(this.directory, ...args)
  }

  write(path: string, text: string): void {
    const file = join(this.directory, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }

  /** Commits everything; answers the commit. */
  commit(message: string): string {
    this.git('add', '--all')
    this.git('commit', '--quiet', '-m', message)
    return this.head()
  }

  head(): string {
    return this.git('rev-parse', 'HEAD')
  }

  branch(): string {
    return this.git('rev-parse', '--abbrev-ref', 'HEAD')
  }
}

function git(cwd: string, ...args: string[]): string {
  const as = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost', '-c', 'init.defaultBranch=main']
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' }
  return execFileSync('git', [...as, ...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}
