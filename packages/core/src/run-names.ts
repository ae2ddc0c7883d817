/** A run as people write it. The names are not checked; who reads them finds out what is left out. */
export type RunName = { organization?: string; project?: string; run: string }

/**
 * Reads `id`, `project:id`, `project/id`, `organization/project:id` or `organization/project/id`, and the path of a run's
 * page, `organization/project/runs/id`. Null for anything else.
 */
export function readRunName(text: string): RunName | null {
  const names = text.split(/[/:]/)
  if (names.length === 4 && names[2] === 'runs') names.splice(2, 1)
  const [run, project, organization, ...beyond] = names.reverse()
  if (run === undefined || beyond.length > 0 || names.includes('')) return null
  return { run, ...(project !== undefined && { project }), ...(organization !== undefined && { organization }) }
}
