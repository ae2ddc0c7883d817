import { open } from 'node:fs/promises'

/** Has a loss of power take back no name in a directory that was given before. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
