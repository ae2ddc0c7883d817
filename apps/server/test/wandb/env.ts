/** The environment that scripts of a client run in. On a build server a client that cannot be installed is a failure. */
export function readTestEnvironment(): { path: string; mustRun: boolean } {
  return { path: process.env['PATH'] ?? '', mustRun: process.env['CI'] !== undefined && process.env['CI'] !== '' }
}
