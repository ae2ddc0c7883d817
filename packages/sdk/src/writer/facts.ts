import { arch, cpus, hostname, release, totalmem, type } from 'node:os'
import type { HostFacts } from '@kiroku/core/runs'
import { sdkVersion } from '../version.ts'
import type { OpenRun } from './protocol.ts'

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
