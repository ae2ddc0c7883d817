import { KirokuError } from '@kiroku/core/errors'
import type { Connection } from '../../database/database.ts'
import type { OrganizationScope } from '../../http/scopes.ts'

/**
 * Throws CONFLICT for a writer whose run was deleted with its project, also once that is purged: a script that still sends
 * must not bring a part of its run back in a new project of the old name.
 */
export async function refuseDeletedWriter(
  connection: Connection,
  { organizationId }: OrganizationScope,
  { project, run, writer }: { project: string; run: string; writer: string },
): Promise<void> {
  const { rowCount } = await connection.query(
    `SELECT 1 FROM purged_writer WHERE organization_id = $1 AND project = $2 AND writer = $4
     UNION ALL
     SELECT 1 FROM project JOIN run ON run.project_id = project.id AND run.slug = $3
       JOIN writer ON writer.run_id = run.id AND writer.writer = $4
     WHERE project.organization_id = $1 AND project.name = $2 AND project.deleted_at IS NOT NULL`,
    [organizationId, project, run, writer],
  )
  if (rowCount !== 0) throw deletedError({ project, run, deleted: 'project' })
}

/** Which part of a run's address was deleted: the largest that was; null when none was. */
export function deletedPartOf(is: Record<DeletedPart, boolean>): DeletedPart | null {
  return is.organization ? 'organization' : is.project ? 'project' : is.run ? 'run' : null
}

type DeletedPart = 'run' | 'project' | 'organization'

/** The refusal of what a script sends for a run that was deleted, alone or with its project or organization. */
export function deletedError(what: { project: string; run: string; deleted: DeletedPart }): KirokuError {
  const { project, run, deleted } = what
  const message = {
    run: `the run ${run} was deleted`,
    project: `the project ${project} was deleted, and the run ${run} with it; a new run may use the name again`,
    organization: `the organization of the project ${project} was deleted, and the run ${run} with it`,
  } as const
  return new KirokuError({ code: 'CONFLICT', message: message[deleted] })
}
