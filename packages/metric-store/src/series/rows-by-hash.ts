import { type NativeBlock, packedOf } from '../engine/native-format.ts'

/** Rows `from` to `to` of an answer, the latter left out, that are neighbours and of one series. */
export type Rows = { block: NativeBlock; from: number; to: number }

/** An answer's rows of the series whose hashes are given, by their keys. `seriesOf` is the hash of each row's. */
export function rowsByHash(blocks: readonly NativeBlock[], keys: ReadonlyMap<bigint, string>): Map<string, Rows[]> {
  const found = new Map<string, Rows[]>()
  for (const block of blocks) {
    const hashes = packedOf(block, 'seriesOf').bytes
    for (let from = 0, row = 1; row <= block.rows; row++) {
      if (row < block.rows && isSameHash(hashes, row - 1, row)) continue
      const key = keys.get(hashAt(hashes, from))
      const rows = { block, from, to: row }
      from = row
      if (key === undefined) continue
      const others = found.get(key)
      if (others) others.push(rows)
      else found.set(key, [rows])
    }
  }
  return found
}

export const hashAt = (hashes: DataView, row: number): bigint => hashes.getBigUint64(row * 8, true)

const isSameHash = (hashes: DataView, one: number, other: number): boolean =>
  hashes.getUint32(one * 8) === hashes.getUint32(other * 8) &&
  hashes.getUint32(one * 8 + 4) === hashes.getUint32(other * 8 + 4)
