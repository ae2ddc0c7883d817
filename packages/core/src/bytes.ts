const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes in binary units with at most one decimal: `23.4 GiB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const amount = (bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)
  return `${amount.replace(/\.0$/, '')} ${units[power]}`
}
