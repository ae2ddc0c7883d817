import { liveRunStates } from '@kiroku/core/runs'

const live = liveRunStates.map((state) => `'${state}'`).join(', ')

/** SQL: whether a run's state, the column or expression given, is one of `liveRunStates`. */
export const isLiveSql = (state: string): string => `${state} IN (${live})`
