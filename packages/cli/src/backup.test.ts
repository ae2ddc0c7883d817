import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { followBackup } from './backup.ts'

const url = 'http://127.0.0.1:7700'
const progress = '{"type":"progress","stage":"points","doneBytes":1,"totalBytes":2}\n'
const summary = { directory: '/b', files: 3, bytes: 4, heldMs: 5, missingContents: 0 }

function bodyOf(text: string, failure?: Error): Readable {
  const pieces = async function* (): AsyncIterable<Buffer> {
    yield Buffer.from(text)
    if (failure) throw failure
  }
  return Readable.from(pieces(), { objectMode: false })
}

describe('what a server tells of a backup', () => {
  it('is shown, and answered in the end', async () => {
    const shown: string[] = []
    const terminal = { progress: (line: string) => shown.push(line) }
    const body = bodyOf(`${progress}${JSON.stringify({ type: 'done', summary })}\n`)
    expect(await followBackup(terminal, body, url)).toEqual(summary)
    expect(shown).toHaveLength(1)
  })

  it.each([
    ['fails', bodyOf('{"type":"failed","code":"TOO_LARGE","message":"no room"}\n'), 'TOO_LARGE', `${url}: no room`],
    ['ends early', bodyOf(progress), 'UNAVAILABLE', `${url} broke off the backup; what there was of it is not whole`],
    [
      'is cut off',
      bodyOf(progress, new TypeError('terminated')),
      'UNAVAILABLE',
      `${url} broke off the backup; what there was of it is not whole`,
    ],
  ])('that %s is an error that says so', async (_, body, code, message) => {
    await expect(followBackup({ progress() {} }, body, url)).rejects.toMatchObject({
      name: 'KirokuError',
      code,
      message,
    })
  })
})
