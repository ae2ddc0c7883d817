import { artifactChecks } from './artifacts.ts'
import type { Check } from './check.ts'
import { commandLineChecks } from './command-line.ts'
import { continuingChecks } from './continuing.ts'
import { fileChecks } from './files.ts'
import { loadChecks } from './load.ts'
import { loggingChecks } from './logging.ts'
import { publicApiChecks } from './public-api.ts'
import { pythonCoreChecks } from './python-core.ts'
import { refusalChecks } from './refusals.ts'
import { sweepStateChecks } from './sweep-states.ts'
import { sweepChecks } from './sweeps.ts'
import { trainingChecks } from './training.ts'

/** All that run against one server, the longest first. */
export const checks: readonly Check[] = [
  ...sweepChecks,
  ...sweepStateChecks,
  ...artifactChecks,
  ...publicApiChecks,
  ...trainingChecks,
  ...continuingChecks,
  ...loggingChecks,
  ...fileChecks,
  ...commandLineChecks,
  ...refusalChecks,
  ...pythonCoreChecks,
  ...loadChecks,
]
