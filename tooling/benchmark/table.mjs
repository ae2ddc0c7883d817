/** Three significant digits, thousands apart. */
export function rounded(value) {
  if (value === null) return '-'
  return value >= 1000
    ? Math.round(value).toLocaleString('en').replaceAll(',', ' ')
    : String(Number(value.toPrecision(3)))
}

const isMet = ({ value, target }) => (target.startsWith('>=') ? value >= limitOf(target) : value <= limitOf(target))
const limitOf = (target) => Number(target.replaceAll(/[^0-9.]/g, ''))

/** The results as a table for people: what was measured, whether it meets its target, and beside what. */
export function table(results) {
  return aligned([
    ['id', 'value', 'unit', 'target', '', 'yardstick', 'value', 'ratio'],
    ...results.map((result) => [
      result.id,
      rounded(result.value),
      result.unit,
      result.target,
      isMet(result) ? 'met' : 'MISSED',
      result.yardstick.name,
      rounded(result.yardstick.value),
      rounded(result.ratio),
    ]),
  ])
}

/** Results beside those of an earlier report, by id. */
export function comparison(before, now) {
  return aligned([
    ['id', 'before', 'now', 'now / before', 'ratio to yardstick before', 'now'],
    ...now.map((result) => {
      const old = before.find(({ id }) => id === result.id)
      const change = old && old.value !== 0 ? rounded(result.value / old.value) : '-'
      return [
        result.id,
        old ? rounded(old.value) : '-',
        rounded(result.value),
        change,
        old ? rounded(old.ratio) : '-',
        rounded(result.ratio),
      ]
    }),
  ])
}

function aligned(rows) {
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
