import { KirokuError } from '@kiroku/core/errors'

/**
 * Throws `KirokuError` BAD_REQUEST for options that are no record, or one that does not exist and would otherwise be passed over in
 * silence; says which one may have been meant.
 */
export function checkOptions(where: string, options: object, known: Readonly<Record<string, true>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw mistake(`${where}: options are a record such as { ${Object.keys(known)[0]}: ... }`)
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(known, name) || value === undefined) continue
    const meant = Object.keys(known).find((option) => plain(option) === plain(name))
    const hint = meant === undefined ? `there are ${Object.keys(known).join(', ')}` : `it is called \`${meant}\``
    throw mistake(`${where}: there is no option \`${name}\`; ${hint}`)
  }
}

/** `step_metric` and `stepMetric` are the same to somebody who writes Python as well. */
const plain = (name: string): string => name.replaceAll(/[_-]/g, '').toLowerCase()

function mistake(message: string): KirokuError {
  return new KirokuError({ code: 'BAD_REQUEST', message })
}
