/** Does `work` for all items, `jobs` of them at once. Rejects with the first failure; what is under way is not waited for. */
export async function eachAtOnce<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  let hasFailed = false
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined && !hasFailed; item = waiting.shift()) {
      try {
        await work(item)
      } catch (cause) {
        hasFailed = true
        throw cause
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, waiting.length) }, worker))
}
