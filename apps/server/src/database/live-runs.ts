/** SQL: whether a run's state, the column or expression given, is one of `isLiveState` of the core. */
export function isLiveSql(state: string): string {
  return `${state} IN ('running', 'preempting')`
}
