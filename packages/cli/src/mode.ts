import { configDirectory } from '@kiroku/sdk/credentials'
import { changeSettings, type Mode, makeWorkspace, settingsPath } from '@kiroku/sdk/settings'
import type { Environment } from './env.ts'
import { shownPath } from './paths.ts'
import type { Terminal } from './terminal.ts'
import { resolveSettings, workspaceOf } from './workspace.ts'

export type ModeOptions = { mode: Mode; isGlobal: boolean; dir?: string | undefined }

const meaning: Readonly<Record<Mode, string>> = {
  online: 'runs are sent to the server',
  offline: 'runs stay on this disk; `kiroku sync` sends them',
  disabled: 'nothing is recorded',
}

/** Writes the mode into the settings of the workspace or of the user, and says what it means for the runs to come. */
export function setMode(terminal: Terminal, environment: Environment, { mode, isGlobal, dir }: ModeOptions): void {
  const directory = isGlobal ? configDirectory(environment) : workspaceOf(environment, dir)
  if (!isGlobal) makeWorkspace(directory)
  changeSettings(directory, { mode })
  terminal.say(`${mode}: ${meaning[mode]} (${shownPath(settingsPath(directory))})`)
  const inForce = resolveSettings(environment, { dir }).mode
  if (inForce.value !== mode) terminal.say(`but ${inForce.from} says ${inForce.value}, and that comes first here`)
}
