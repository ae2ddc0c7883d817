/** One line of a patch: what it is, and its numbers before and after, where it has them. */
export type DiffLine = {
  kind: 'file' | 'hunk' | 'added' | 'removed' | 'same'
  before: number | null
  after: number | null
  text: string
}

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/

/** A unified diff by line. What is not part of a hunk is about files. */
export function diffLines(patch: string): DiffLine[] {
  const lines: DiffLine[] = []
  // How many lines the hunk still has tells a removed line `-- x` from the head of a file.
  let [before, after, beforeLeft, afterLeft] = [0, 0, 0, 0]
  for (const text of patch.replace(/\n$/, '').split('\n')) {
    const hunk = beforeLeft + afterLeft > 0 ? null : hunkHead.exec(text)
    if (hunk !== null) {
      before = Number(hunk[1])
      after = Number(hunk[3])
      beforeLeft = Number(hunk[2] ?? 1)
      afterLeft = Number(hunk[4] ?? 1)
      lines.push({ kind: 'hunk', before: null, after: null, text })
    } else if (beforeLeft + afterLeft === 0) lines.push({ kind: 'file', before: null, after: null, text })
    else if (text.startsWith('+')) {
      afterLeft--
      lines.push({ kind: 'added', before: null, after: after++, text: text.slice(1) })
    } else if (text.startsWith('-')) {
      beforeLeft--
      lines.push({ kind: 'removed', before: before++, after: null, text: text.slice(1) })
    } else if (text.startsWith('\\')) lines.push({ kind: 'file', before: null, after: null, text })
    else {
      beforeLeft--
      afterLeft--
      lines.push({ kind: 'same', before: before++, after: after++, text: text.slice(1) })
    }
  }
  return lines
}
