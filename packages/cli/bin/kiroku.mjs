#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`kiroku: Node ${process.versions.node} is too old; install Node 20.19 or later`)
  process.exit(1)
}
const { main } = await import('../dist/bundle/main.js')
await main(process.argv)
