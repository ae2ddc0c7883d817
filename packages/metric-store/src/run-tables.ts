/**
 * Every table that holds data of runs, each with the columns `project` and `run` at the head of its sorting key. What is
 * deleted is deleted from all of them, so a new table needs to be named here and nowhere else.
 */
export const runTables = ['points', 'texts', 'console'] as const
