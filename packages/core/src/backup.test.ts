import { describe, expect, it } from 'vitest'
import { backupFileSchema, backupRequestSchema } from './backup.ts'

const fileAt = (path: string) => backupFileSchema.safeParse({ path, size: 0, sha256: 'a'.repeat(64) }).success

describe('a file of a backup', () => {
  it('lies in one of its parts', () => {
    expect(fileAt('postgres/run.copy')).toBe(true)
    expect(fileAt('clickhouse/store/af6/af684da9/all_1_5_2/a%2Eb.bin')).toBe(true)
    expect(fileAt('manifest.json')).toBe(false)
    expect(fileAt('files')).toBe(false)
  })

  it.each(['../x', 'files/../../x', '/etc/passwd', 'files//x', 'files/./x', 'files/a\\b', 'files/a\0'])(
    'is nowhere else: %j',
    (path) => expect(fileAt(path)).toBe(false),
  )
})

describe('the directory of a backup', () => {
  it.each(['relative', '', './here', '/with\0nul'])('is an absolute path, not %j', (directory) => {
    const parsed = backupRequestSchema.safeParse({ directory })
    expect(parsed.error?.issues[0]?.path).toEqual(['directory'])
  })
})
