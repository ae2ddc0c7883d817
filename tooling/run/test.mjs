import { checkNodeVersion } from './node-version.mjs'

checkNodeVersion()
const { testEverything } = await import('./stages.mjs')
await testEverything()
