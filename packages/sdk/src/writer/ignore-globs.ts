/** Whether a path, with `/` between its names, fits one of some shell globs. `*` and `?` do not cross `/`, `**` does. */
export function isIgnored(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => glob !== '' && expressionOf(glob).test(path))
}

const parts = /\*\*\/|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|\\.|[\s\S]/g

function expressionOf(glob: string): RegExp {
  const pattern = (glob.match(parts) ?? []).map(patternOf).join('')
  try {
    return new RegExp(`^${pattern}$`, 's')
  } catch {
    // A range such as [z-a] holds nothing, and what it stands in fits nothing.
    return /^(?!)/
  }
}

function patternOf(part: string): string {
  if (part === '**/') return '(?:.*/)?'
  if (part === '**') return '.*'
  if (part === '*') return '[^/]*'
  if (part === '?') return '[^/]'
  if (part.length > 2 && part.startsWith('[')) {
    const isNot = /^\[[!^]/.test(part)
    const members = part.slice(isNot ? 2 : 1, -1).replace(/[\\\][^]/g, '\\$&')
    return isNot ? `[^/${members}]` : `[${members}]`
  }
  return (part.startsWith('\\') && part.length === 2 ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
