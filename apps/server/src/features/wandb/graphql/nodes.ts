import { KirokuError } from '@kiroku/core/errors'
import type { Sweep } from '@kiroku/core/sweeps/sweeps'
import * as z from 'zod'
import type { OrganizationScope, ProjectScope } from '../../../http/scopes.ts'
import type { Membership, StoredArtifact, StoredCollection } from '../../artifacts/index.ts'
import type { RunKeys, WandbRun } from '../runs/index.ts'

/** An organization, which the protocol calls an entity. */
export type EntityNode = { scope: OrganizationScope }

export type ProjectNode = { scope: ProjectScope }

/**
 * A run, and the number of lines that the client goes on after where that is not what the run has. `keys` tells what it and those
 * that it was listed with logged, which is found for all of them at once.
 */
export type RunNode = {
  scope: ProjectScope
  run: WandbRun
  historyLineCount?: number
  keys?: () => Promise<Map<string, RunKeys>>
}

/** A sweep as it was when it was asked for. */
export type SweepNode = { scope: ProjectScope; sweep: Sweep }

/** An artifact of an organization, pending ones included. */
export type ArtifactNode = { organization: OrganizationScope; artifact: StoredArtifact }

/** The kind of artifacts in a project. `createdAt` is unix milliseconds. */
export type ArtifactTypeNode = { scope: ProjectScope; type: string; createdAt: number }

/** An artifact's name with its versions, as the interface `ArtifactCollection` has it. */
export type CollectionNode = {
  __typename: 'ArtifactSequence' | 'ArtifactPortfolio'
  organization: OrganizationScope
  collection: StoredCollection
}

/** An artifact as a version of a collection. */
export type MembershipNode = { organization: OrganizationScope; member: Membership }

type IdType =
  | 'User'
  | 'Entity'
  | 'Project'
  | 'Run'
  | 'Artifact'
  | 'ArtifactCollection'
  | 'ArtifactManifest'
  | 'Sweep'
  | 'Agent'

/** An id as the protocol has them: opaque, and valid base64. */
export function globalId(type: IdType, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64')
}

/**
 * The id of a project where the protocol wants a number of 31 bits. It is told and never looked for: projects are found by their
 * names.
 */
export function numericId(id: string): string {
  return String(Number.parseInt(id.replaceAll('-', '').slice(0, 8), 16) >>> 1)
}

/** As `readGlobalId`. Throws NOT_FOUND for what is no id of such a thing. */
export function requireGlobalId(type: IdType, id: string): string {
  const found = readGlobalId(type, id)
  if (found !== undefined) return found
  throw new KirokuError({ code: 'NOT_FOUND', message: `there is no ${type} of the id ${id}` })
}

/** What `globalId` was made of; undefined for what is no such id. */
export function readGlobalId(type: IdType, id: string): string | undefined {
  const [name, value, ...more] = Buffer.from(id, 'base64').toString().split(':')
  return name === type && more.length === 0 ? z.uuid().safeParse(value).data : undefined
}

/** The id of a file of a run, as `globalId` makes them. */
export function fileId(runId: string, path: string): string {
  return Buffer.from(`File:${runId}:${path}`).toString('base64')
}

/** What `fileId` was made of; undefined for what is no such id. */
export function readFileId(id: string): { run: string; path: string } | undefined {
  const [, run, path] = /^File:([^:]+):(.+)$/s.exec(Buffer.from(id, 'base64').toString()) ?? []
  return path !== undefined && z.uuid().safeParse(run).success ? { run: run ?? '', path } : undefined
}
