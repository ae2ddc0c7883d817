/** What a record has by a name that a user gave, which may be `constructor` or `toString`; undefined for nothing. */
export function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
