/** Ends the process with one line when this Node is older than the project needs. Plain enough for any Node with modules. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(
    `Kiroku needs Node 20.19 or later, and this is Node ${process.versions.node}: install a newer one (https://nodejs.org).`,
  )
  process.exit(1)
}
