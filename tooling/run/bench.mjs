import { join } from 'node:path'
import { checkNodeVersion } from './node-version.mjs'

checkNodeVersion()
const { ensureBuilt, ensureInstalled } = await import('./prepare.mjs')
const { leave, root, run, stopOnSignals } = await import('./processes.mjs')

// `npm run bench`: installs and builds what is missing, then measures. All flags go to the benchmark.
stopOnSignals()
await ensureInstalled()
await ensureBuilt()
await leave(await run(process.execPath, [join(root, 'tooling', 'benchmark', 'main.mjs'), ...process.argv.slice(2)]))
