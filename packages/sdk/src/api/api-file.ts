import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { KirokuError, parseInput } from '@kiroku/core/errors'
import { filePathSchema, type RunFile } from '@kiroku/core/files'
import type { RunAddress } from '@kiroku/core/queries'
import { routes } from '@kiroku/core/routes'
import type { ApiHttp } from './api-http.ts'

/** `replace`: whether a file that is there already may be replaced. */
export type DownloadOptions = { replace?: boolean }

/** One file of a run. What is not known, because it was asked for by its path, is undefined; `size` is in bytes. */
export class ApiFile {
  readonly path: string
  readonly size: number | undefined
  readonly sha256: string | undefined
  readonly mime: string | undefined
  readonly createdAt: Date | undefined
  readonly #http: ApiHttp
  readonly #address: RunAddress

  constructor(http: ApiHttp, address: RunAddress, facts: Pick<RunFile, 'path'> & Partial<RunFile>) {
    this.#http = http
    this.#address = address
    this.path = parseInput(filePathSchema, facts.path, 'file path')
    this.size = facts.size
    this.sha256 = facts.sha256
    this.mime = facts.mime
    this.createdAt = facts.createdAt === undefined ? undefined : new Date(facts.createdAt)
  }

  /**
   * Puts the file below `directory`, at its path, and answers where it is. Throws `KirokuError` CONFLICT when there is one
   * and `replace` is not set. A download that fails leaves nothing behind.
   */
  async download(directory = '.', { replace = false }: DownloadOptions = {}): Promise<string> {
    const target = resolve(directory, ...this.path.split('/'))
    if (!replace && existsSync(target)) {
      throw new KirokuError({
        code: 'CONFLICT',
        message: `${target} is there already; { replace: true } lets it be replaced`,
      })
    }
    const next = join(dirname(target), `.${randomBytes(6).toString('hex')}.download`)
    try {
      await mkdir(dirname(target), { recursive: true })
      await this.#fetchTo(next)
      await rename(next, target)
    } catch (cause) {
      await rm(next, { force: true })
      if (cause instanceof KirokuError) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new KirokuError({ code: 'FORBIDDEN', message: `cannot write ${target}: ${why}`, cause })
    }
    return target
  }

  async #fetchTo(path: string): Promise<void> {
    const hash = createHash('sha256')
    const search = new URLSearchParams({ ...this.#address, path: this.path })
    await using file = await open(path, 'wx')
    for await (const piece of this.#http.pieces(`${routes.files}?${search}`)) {
      hash.update(piece)
      await file.writeFile(piece)
    }
    if (this.sha256 !== undefined && hash.digest('hex') !== this.sha256)
      throw new KirokuError({ code: 'UNAVAILABLE', message: `${this.path} came damaged; ask for it again` })
  }
}
