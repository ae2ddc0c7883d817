import { join } from 'node:path'
import { organizationUsageSchema, runUsagePageSchema } from '@kiroku/core/usage'
import { beforeAll, describe, expect, it } from 'vitest'
import { Bench, type Served } from '../test/harness.ts'
import { makeRun } from '../test/made-run.ts'

const bench = new Bench()
let server: Served
let run: string
beforeAll(async () => {
  server = await bench.serve(join(bench.base, 'data'))
  run = await makeRun(server, { files: { 'a.txt': 'x'.repeat(5000) } })
  await makeRun(server, { files: { 'a.txt': 'x' } })
  await makeRun(server, { project: 'other', files: {} })
})

describe('usage', () => {
  it('shows the projects of the key’s organization, the largest first', async () => {
    const { code, stdout } = await bench.kiroku(['usage'])
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^PROJECT +TAKES +POINTS +TEXTS +LINES +FILES$/)
    expect(lines[1]).toMatch(/^demo +█{16} .* 2 +4\.9 KiB$/)
    expect(lines[2]).toMatch(/^other /)
    const answer = await bench.kiroku(['usage', 'local', '--json'])
    expect(organizationUsageSchema.parse(JSON.parse(answer.stdout)).total).toMatchObject({
      fileCount: 2,
      fileBytes: 5001,
    })
  })

  it('shows the runs of a project, and how many it leaves out', async () => {
    const { code, stdout } = await bench.kiroku(['usage', 'local/demo', '--sort', 'files', '--limit', '1'])
    expect(code).toBe(0)
    expect(stdout).toContain(run)
    expect(stdout).toContain('1 of 2 are shown')
    const answer = await bench.kiroku(['usage', 'local/demo', '--json'])
    expect(runUsagePageSchema.parse(JSON.parse(answer.stdout))).toMatchObject({
      runCount: 2,
      total: { fileBytes: 5001 },
    })
  })

  it.each([
    [['usage', 'nobody'], /there is no organization nobody/],
    [['usage', 'local/nothing'], /there is no project nothing/],
    [['usage', 'a/b/c'], /`a\/b\/c` names no place/],
    [['usage', '--sort', 'age'], /bytes, points, texts, lines, files/],
    [['usage', '--limit', '0'], /from 1 to 1000/],
  ])('%j is refused in one line', async (args, told) => {
    const { code, stderr } = await bench.kiroku(args)
    expect({ code, isOneLine: /^kiroku: [^\n]+\n$/.test(stderr) }).toEqual({ code: 1, isOneLine: true })
    expect(stderr).toMatch(told)
  })
})
