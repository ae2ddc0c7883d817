import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Bench, type Served } from '../test/harness.ts'
import { makeRun } from '../test/made-run.ts'

const bench = new Bench()
let server: Served
beforeAll(async () => {
  server = await bench.serve(join(bench.base, 'data'))
  await makeRun(server, { run: 'a', config: { lr: 0.1, note: 'x, "y"' } })
  await makeRun(server, { run: 'b', config: { lr: { $n: 'NaN' } } })
})

const query = 'SELECT run, config.lr, config.note AS note FROM runs ORDER BY run'
const sql = (...args: string[]) => bench.kiroku(['sql', ...args])

describe('kiroku sql', () => {
  it('prints a table, and how many rows there are beside it', async () => {
    const { code, stdout, stderr } = await sql('local/demo', query)
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'run  config.lr  note\n───  ─────────  ──────\na          0.1  x, "y"\nb          NaN  null\n',
    })
    expect(stderr).toMatch(/^2 rows in \d+ ms\n$/)
  })

  it.each([
    ['csv', 'run,config.lr,note\r\na,0.1,"x, ""y"""\r\nb,NaN,\r\n'],
    ['jsonl', '{"run":"a","config.lr":0.1,"note":"x, \\"y\\""}\n{"run":"b","config.lr":{"$n":"NaN"},"note":null}\n'],
  ])('prints %s alone', async (format, stdout) => {
    expect(await sql('demo', query, '--format', format)).toEqual({ code: 0, stdout, stderr: '' })
  })

  it('prints JSON, of a query that it reads', async () => {
    const launched = bench.start(process.execPath, [bench.program, 'sql', 'demo', '-', '--format', 'json'])
    launched.child.stdin?.end('SELECT 1 AS one,\n 2 AS two')
    const { code, stdout } = await launched.ended
    expect({ code, rows: JSON.parse(stdout) }).toEqual({ code: 0, rows: [{ one: 1, two: 2 }] })
  })

  it('says when there are more rows than it shows', async () => {
    const { stdout, stderr } = await sql('demo', 'SELECT number FROM numbers(20000)', '--format', 'csv')
    expect(stdout.split('\r\n')).toHaveLength(10_002)
    expect(stderr).toBe('these are the first 10000 rows of more: use LIMIT and OFFSET, or group\n')
  })

  it.each([
    [
      ['demo', 'SELECT 1,\n vlaue FROM points'],
      /: Unknown expression identifier `vlaue`; did you mean value\? \(line 2, column 2\)$/,
    ],
    [
      ['demo', "SELECT file('/etc/passwd')"],
      /: file is not among the functions that a query may use \(line 1, column 8\)$/,
    ],
    [['nowhere', 'SELECT 1'], /there is no project nowhere$/],
    [['a/b/c', 'SELECT 1'], /`a\/b\/c` names no project; one is PROJECT or ORG\/PROJECT$/],
    [['demo', 'SELECT 1', '--format', 'xml'], /Allowed choices are table, csv, json, jsonl/],
    [['demo', ''], /a query must not be empty/],
  ])('says in one line what is wrong with %j', async (args, message) => {
    const { code, stdout, stderr } = await sql(...args)
    expect({ code, stdout, lines: stderr.match(/\n/g)?.length }).toEqual({ code: 1, stdout: '', lines: 1 })
    expect(stderr.trimEnd()).toMatch(message)
  })
})
