/**
 * Tells on standard error how far something is and how long it will still take: a bar that is drawn anew on a terminal, a
 * line every ten seconds elsewhere.
 */
export function progress(what, whole) {
  const isTerminal = process.stderr.isTTY === true
  const from = performance.now()
  let done = 0
  let saidAt = from
  const say = () => {
    const seconds = (performance.now() - from) / 1000
    const share = done / whole
    const left = share > 0 ? Math.ceil((seconds / share) * (1 - share)) : null
    const bar = '#'.repeat(Math.round(share * 24)).padEnd(24, '.')
    const text = `  ${what} [${bar}] ${(100 * share).toFixed(0)} %, ${left === null ? '?' : left} s left`
    process.stderr.write(isTerminal ? `\r${text}\x1b[K` : `${text}\n`)
  }
  return {
    add(amount) {
      done += amount
      if (performance.now() - saidAt < (isTerminal ? 250 : 10_000)) return
      saidAt = performance.now()
      say()
    },
    end() {
      const seconds = (performance.now() - from) / 1000
      const rate = Math.round(whole / seconds).toLocaleString('en')
      process.stderr.write(`${isTerminal ? '\r' : ''}  ${what}: ${seconds.toFixed(1)} s, ${rate} a second\n`)
    },
  }
}
