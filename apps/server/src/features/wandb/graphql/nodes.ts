import type { RunFile } from '@kiroku/core/files'
import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import type { WandbRun } from '../runs/index.ts'

/** An organization, which the protocol calls an entity. */
export type EntityNode = { scope: OrganizationScope }

export type ProjectNode = { scope: ProjectScope }

/** A run, and the number of lines that the client goes on after where that is not what the run has. */
export type RunNode = { scope: ProjectScope; run: WandbRun; historyLineCount?: number }

export type FilesNode = { scope: ProjectScope; run: WandbRun; files: readonly RunFile[] }

/** A sweep as it was when it was asked for. */
export type SweepNode = { scope: ProjectScope; sweep: Sweep }

/** An id as the protocol has them: opaque, and valid base64. */
export function globalId(type: 'User' | 'Entity' | 'Project' | 'Run' | 'Sweep' | 'Agent', id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64')
}

/** What `globalId` was made of; undefined for what is no such id. */
export function readGlobalId(type: 'Project' | 'Run' | 'Sweep' | 'Agent', id: string): string | undefined {
  const [name, value, ...more] = Buffer.from(id, 'base64').toString().split(':')
  return name === type && more.length === 0 ? z.uuid().safeParse(value).data : undefined
}
