/** What scripts logged: tables with the columns `project` and `run`. */
export const loggedTables = ['points', 'texts', 'console'] as const

/** What follows from it. */
export const rollupTables = ['rollups', 'rollup_resets'] as const

/**
 * Every table that holds data of runs. What is deleted is deleted from all of them, so a new table needs to be named here and
 * nowhere else.
 */
export const runTables = [...loggedTables, ...rollupTables] as const
