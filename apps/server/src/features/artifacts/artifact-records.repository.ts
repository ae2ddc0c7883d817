import {
  type ArtifactCollectionRecord,
  type ArtifactVersionRecord,
  artifactCollectionRecordSchema,
  artifactVersionRecordSchema,
  type LineageRecord,
  lineageRecordSchema,
} from '@kiroku/core/artifact-records'
import { parseInput } from '@kiroku/core/errors'
import { parseJson } from '@kiroku/core/json'
import * as z from 'zod'
import type { Database } from '../../database/database.ts'
import type { ProjectScope } from '../../http/scopes.ts'
import { seenRuns } from './artifact-row.ts'
import { originPrefix } from './origin.ts'

type Page = { after?: string | undefined; limit: number }
export type LineagePage = { lineage: LineageRecord[]; nextCursor: string | null }

/** All that is known of a project's committed artifacts, so that they can be made again elsewhere. */
export type ArtifactRecords = {
  /** Also those whose versions are all deleted; `after` is a name. */
  collections(scope: ProjectScope, page: Page): Promise<ArtifactCollectionRecord[]>
  /** By number, the lowest first; `after` is a number. */
  versions(scope: ProjectScope, collectionId: string, page: Page): Promise<ArtifactVersionRecord[]>
  /** What runs of the project used and made; `after` is the cursor of the page before. Throws BAD_REQUEST for one that is none. */
  lineage(scope: ProjectScope, page: Page): Promise<LineagePage>
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

const collectionRowsSchema = z.array(z.object({ record: artifactCollectionRecordSchema }))
const versionRowsSchema = z.array(z.object({ record: artifactVersionRecordSchema }))
const lineageRowsSchema = z.array(z.object({ runId: z.string(), artifactId: z.string(), record: lineageRecordSchema }))
const lineageCursorSchema = z.tuple([z.string(), z.uuid(), z.uuid(), z.enum(['input', 'output'])])

/** Those client ids that clients gave, and the one that says where a version is from. */
const clients = `ARRAY(SELECT client_id FROM artifact_client WHERE artifact_id = a.id AND NOT starts_with(client_id, '${originPrefix}')
  ORDER BY client_id COLLATE "C")`
const origin = `(SELECT substring(client_id FROM ${originPrefix.length + 1}) FROM artifact_client
  WHERE artifact_id = a.id AND starts_with(client_id, '${originPrefix}') ORDER BY client_id LIMIT 1)`
/** The version `om` of the collection `oc` that an artifact was made in, of the project `p`; `own` is the project that asks. */
const reference = (own: string): string => `jsonb_build_object(
  'project', CASE WHEN oc.project_id = ${own} THEN NULL ELSE p.name END, 'name', oc.name, 'version', om.version, 'digest', a.digest)`
const joinOwn = `JOIN artifact_collection oc ON oc.id = a.collection_id
  JOIN artifact_member om ON om.collection_id = oc.id AND om.artifact_id = a.id
  JOIN project p ON p.id = oc.project_id AND p.deleted_at IS NULL`

export function createArtifactRecords({ transaction }: Database): ArtifactRecords {
  return {
    collections: ({ projectId }, { after, limit }) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT jsonb_build_object('name', name, 'type', type, 'isPortfolio', is_portfolio, 'description', description,
             'tags', tags, 'createdAt', ${ms('created_at')}, 'nextVersion', next_version) AS record
           FROM artifact_collection
           WHERE project_id = $1 AND next_version > 0 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3`,
          [projectId, after ?? null, limit],
        )
        return collectionRowsSchema.parse(rows).map(({ record }) => record)
      }),

    versions: ({ projectId }, collectionId, { after, limit }) =>
      transaction(async (connection) => {
        const { rows } = await connection.query(
          `SELECT jsonb_build_object('version', m.version, 'createdAt', ${ms('m.created_at')},
             'aliases', ARRAY(SELECT alias FROM artifact_alias WHERE collection_id = m.collection_id AND artifact_id = a.id
                              ORDER BY alias COLLATE "C"),
             'linked', CASE WHEN oc.id <> m.collection_id THEN ${reference('$1')} END,
             'made', CASE WHEN oc.id = m.collection_id THEN jsonb_build_object('id', coalesce(${origin}, a.id::text),
               'digest', a.digest, 'description', a.description, 'metadata', a.metadata, 'tags', a.tags, 'size', a.size,
               'fileCount', a.file_count, 'historyStep', a.history_step,
               'createdBy', (SELECT r.slug FROM ${seenRuns} WHERE r.id = a.created_by_run AND rp.id = $1),
               'createdAt', ${ms('a.created_at')}, 'updatedAt', ${ms('a.updated_at')},
               'committedAt', ${ms('coalesce(a.committed_at, a.created_at)')}, 'clients', ${clients},
               'manifest', (SELECT jsonb_build_object('sha256', sha256, 'size', size, 'md5', md5) FROM artifact_manifest
                 WHERE artifact_id = a.id AND sha256 IS NOT NULL AND kind = 'full' ORDER BY created_at DESC LIMIT 1))
               END) AS record
           FROM artifact_member m JOIN artifact_collection c ON c.id = m.collection_id AND c.project_id = $1
             JOIN artifact a ON a.id = m.artifact_id ${joinOwn}
           WHERE m.collection_id = $2 AND ($3::int IS NULL OR m.version > $3) ORDER BY m.version LIMIT $4`,
          [projectId, collectionId, after === undefined ? null : Number(after), limit],
        )
        return versionRowsSchema.parse(rows).map(({ record }) => record)
      }),

    lineage: ({ projectId }, { after, limit }) =>
      transaction(async (connection) => {
        const from =
          after === undefined ? [null, null, null, null] : parseInput(lineageCursorSchema, parseJson(after), 'cursor')
        const { rows } = await connection.query(
          `SELECT r.id AS "runId", a.id AS "artifactId", jsonb_build_object('run', r.slug, 'role', u.role,
             'artifact', ${reference('$1')}, 'usedAs', u.used_as, 'createdAt', ${ms('u.created_at')}) AS record
           FROM run_artifact u JOIN run r ON r.id = u.run_id AND r.deleted_at IS NULL AND r.project_id = $1
             JOIN artifact a ON a.id = u.artifact_id AND a.state = 'committed' ${joinOwn}
           WHERE $2::text IS NULL OR (r.slug, r.id, a.id, u.role) > ($2, $3::uuid, $4::uuid, $5::artifact_role)
           ORDER BY r.slug, r.id, a.id, u.role LIMIT $6`,
          [projectId, ...from, limit],
        )
        const page = lineageRowsSchema.parse(rows)
        const last = page.length === limit ? page.at(-1) : undefined
        const nextCursor = last && JSON.stringify([last.record.run, last.runId, last.artifactId, last.record.role])
        return { lineage: page.map(({ record }) => record), nextCursor: nextCursor ?? null }
      }),
  }
}
