import { lstat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { KirokuError } from '@kiroku/core/errors'
import type { RunFile } from '@kiroku/core/files'
import type { RunAddress } from '@kiroku/core/queries'
import { counted } from './counted.ts'
import type { Environment } from './env.ts'
import { hashOf } from './file-hash.ts'
import { projectOfLocal } from './local-runs.ts'
import { shownPath } from './paths.ts'
import { replaceFile } from './replace-file.ts'
import { addressOf, parseRunName } from './run-address.ts'
import { connect } from './server-access.ts'
import type { ServerClient } from './server-client.ts'
import { progressBar, type Terminal } from './terminal.ts'
import { resolveSettings } from './workspace.ts'

export type PullOptions = { run: string; dir?: string | undefined; url?: string | undefined }

/**
 * Downloads a run's files into a directory, by default one of the run's name. A file that is there with the same content is
 * left as it is; one with another content is replaced.
 */
export async function pull(terminal: Terminal, environment: Environment, options: PullOptions): Promise<void> {
  const named = parseRunName(options.run)
  const client = connect(options.url, environment)
  const { project, dir } = resolveSettings(environment)
  const address = await addressOf(client, named, projectOfLocal(dir.value, named.run) ?? project.value)
  await client.run(address)
  const files = await client.files(address)
  const directory = resolve(options.dir ?? address.run)
  const shown = shownPath(directory)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  let fetched = 0
  for (const file of files) {
    terminal.progress(`${file.path}  ${progressBar(done, total)}`)
    if (await fetchFile(client, address, { file, directory })) fetched++
    done += file.size
  }
  terminal.progress('')
  const kept = files.length - fetched
  terminal.say(
    files.length === 0
      ? `${address.run} has no files`
      : `${counted(fetched, 'file')} of ${address.run} in ${shown}${kept > 0 ? `; ${kept} were there already` : ''}`,
  )
}

/**
 * Puts a run's file below `directory`, at its own path or at `place`, through no link; false when it is there already. Throws
 * INTERNAL, with `isChanged` in its details, when other bytes come.
 */
export async function fetchFile(
  client: ServerClient,
  address: RunAddress,
  { file, directory, place = file.path }: { file: RunFile; directory: string; place?: string },
): Promise<boolean> {
  const names = place.split('/')
  const path = join(directory, ...names)
  await refuseLinks(directory, names.slice(0, -1))
  if ((await hashOf(path)) === file.sha256) return false
  const body = await client.fileContent(address, file.path)
  await replaceFile(path, body, async (written) => {
    if ((await hashOf(written)) === file.sha256) return
    const message = `${file.path} did not come as it was stored; run the command again, and if it says so again, the server's disk is damaged`
    throw new KirokuError({ code: 'INTERNAL', message, details: { isChanged: true } })
  })
  return true
}

/** A directory among the files may be a link that leads elsewhere; nothing is written through it. */
async function refuseLinks(directory: string, names: readonly string[]): Promise<void> {
  let at = directory
  for (const name of names) {
    at = join(at, name)
    const isLink = await lstat(at).then(
      (found) => found.isSymbolicLink(),
      () => false,
    )
    if (isLink) throw new KirokuError({ code: 'FORBIDDEN', message: `${at} is a link, and a file would go through it` })
  }
}
