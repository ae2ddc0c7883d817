/** Three significant digits, thousands apart. */
export function rounded(value) {
  if (value === null || value === undefined) return '-'
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en').replaceAll(',', ' ')
    : String(Number(value.toPrecision(3)))
}

const isMet = ({ value, target }) => (target.startsWith('>=') ? value >= limitOf(target) : value <= limitOf(target))
const limitOf = (target) => Number(target.replaceAll(/[^0-9.]/g, ''))

/**
 * The results as a table for people: what was measured, how far apart its repeats were, whether it meets its target,
 * beside what, and the change since the result before (`before`, by id).
 */
export function table(results, before) {
  return aligned([
    ['id', 'value', 'unit', 'spread', 'target', '', 'yardstick', 'value', 'ratio', 'change'],
    ...results.map((result) => [
      result.id,
      rounded(result.value),
      result.unit,
      spreadOf(result),
      result.target ?? '-',
      result.target === null ? '' : isMet(result) ? 'met' : 'MISSED',
      result.yardstick.name,
      rounded(result.yardstick.value),
      rounded(result.ratio),
      changeOf(result, before.get(result.id)),
    ]),
  ])
}

function spreadOf({ spread }) {
  return spread === null ? '-' : `${rounded(spread.least)}..${rounded(spread.most)} of ${spread.repeats}`
}

/** How much more or less it is than before, in percent. */
function changeOf({ value }, before) {
  if (!before?.value) return '-'
  const percent = Math.round((100 * (value - before.value)) / before.value)
  return `${percent > 0 ? '+' : ''}${percent} %`
}

/** Rows of cells as text, each column as wide as its longest cell. */
export function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
