import { checkNodeVersion } from './node-version.mjs'

checkNodeVersion()
const { serve } = await import('./serve.mjs')
await serve(process.argv.slice(2))
