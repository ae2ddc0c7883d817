import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'

// Asks the engine itself over a store's directory, in a process that ends with it: one directory a process.
const { directory, queries, repeats = 1 } = JSON.parse(process.argv[2])
const { Session, drainPending } = createRequire(import.meta.resolve('@kiroku/metric-store'))('chdb')
const session = new Session(directory)
await session.queryAsync('USE kiroku')
const answers = []
for (const sql of queries) {
  const taken = []
  let text = ''
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = performance.now()
    text = (await session.queryAsync(sql, { format: 'TSV' })).text()
    taken.push(performance.now() - before)
  }
  answers.push({ text, ms: taken })
}
session.close()
await drainPending()
console.log(JSON.stringify(answers))
