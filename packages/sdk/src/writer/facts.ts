import { execFile } from 'node:child_process'
import { arch, cpus, hostname, release, totalmem, type } from 'node:os'
import type { GitFacts, HostFacts } from '@kiroku/core/runs'
import { gitEnvironment } from '../env.ts'
import { sdkVersion } from '../version.ts'
import type { OpenRun } from './protocol.ts'

const gitTimeoutMs = 1500

function git(directory: string, ...words: string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { cwd: directory, timeout: gitTimeoutMs, env: gitEnvironment(), maxBuffer: 16 * 1024 * 1024 }
    try {
      execFile('git', words, options, (error, output) => resolve(error ? null : output.trim()))
    } catch {
      resolve(null)
    }
  })
}

/** Where the code in a directory stands; nothing when it is in no repository. Takes 1.5 s at most, never throws. */
export async function readGitFacts(directory: string): Promise<GitFacts> {
  const commit = await git(directory, 'rev-parse', 'HEAD')
  if (commit === null) return {}
  const [branch, remote, changes] = await Promise.all([
    git(directory, 'symbolic-ref', '--short', '--quiet', 'HEAD'),
    git(directory, 'remote', 'get-url', 'origin'),
    git(directory, 'status', '--porcelain', '--untracked-files=no'),
  ])
  return {
    commit: commit.slice(0, 64),
    branch: branch?.slice(0, 256) ?? null,
    remote: remote === null ? null : withoutSecrets(remote).slice(0, 1024),
    isDirty: changes === null ? null : changes !== '',
  }
}

/** A remote's address without its user and password, which may be a token; `git@host:path` stays as it is. */
export function withoutSecrets(remote: string): string {
  return remote.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, (whole, scheme: string) =>
    /^ssh:/i.test(scheme) ? whole.replace(/:[^/@]*@$/, '@') : scheme,
  )
}

/** What the script runs on and how it was started. */
export function readHostFacts({ program, arguments: words, directory }: OpenRun['script']): HostFacts {
  const processors = cpus()
  return {
    hostname: hostname().slice(0, 256),
    os: `${type()} ${release()} ${arch()}`.slice(0, 256),
    runtime: `Node.js ${process.versions.node}`,
    cpuModel: processors[0]?.model.trim().slice(0, 256) ?? null,
    cpuCount: processors.length,
    memoryBytes: totalmem(),
    program: program?.slice(0, 4096) ?? null,
    arguments: words.slice(0, 256).map((word) => word.slice(0, 4096)),
    directory: directory.slice(0, 4096),
    pid: process.pid,
    sdk: `@kiroku/sdk ${sdkVersion}`,
  }
}
