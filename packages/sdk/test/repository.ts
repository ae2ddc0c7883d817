import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A git repository for tests, in a temporary directory. */
export class Repository implements Disposable {
  readonly root: string

  /** An empty one; `from` another one, a clone of it. */
  constructor(from?: Repository) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'kiroku-git-')))
    if (from === undefined) this.git('init', '-q', '-b', 'trunk')
    else this.git('clone', '-q', from.root, '.')
  }

  /** Runs git there; answers what it said, without white space around it. */
  git(...words: string[]): string {
    const settings = ['user.name=n', 'user.email=e@example.com', 'protocol.file.allow=always']
    const options = { cwd: this.root, encoding: 'utf8', stdio: 'pipe' } as const
    return execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...words], options).trim()
  }

  /** Writes files, by path. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true })
      writeFileSync(join(this.root, path), content)
    }
  }

  /** Writes and commits files; answers the commit. */
  commit(files: Readonly<Record<string, string | Uint8Array>>): string {
    this.write(files)
    this.git('add', '.')
    this.git('commit', '-qm', 'next')
    return this.git('rev-parse', 'HEAD')
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
