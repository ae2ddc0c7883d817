import type { ArtifactsService } from './features/artifacts/index.ts'
import type { ConsoleService } from './features/console/index.ts'
import type { FilesService } from './features/files/index.ts'
import type { GroupsService } from './features/groups/index.ts'
import type { HistoryService } from './features/history/index.ts'
import type { KeysRepository } from './features/keys/index.ts'
import type { LiveService } from './features/live/index.ts'
import type { MeasuresService } from './features/measures/index.ts'
import type { MetricsRepository } from './features/metrics/index.ts'
import type { OrganizationsService } from './features/organizations/index.ts'
import type { ProjectChanges, ProjectsRepository } from './features/projects/index.ts'
import type { RunsRepository, StartRunService } from './features/runs/index.ts'
import type { SeriesService } from './features/series/index.ts'
import type { IdentitiesRepository } from './features/sessions/index.ts'
import type { SqlService } from './features/sql/index.ts'
import type { SweepsService } from './features/sweeps/index.ts'
import type { UsageService } from './features/usage/index.ts'

/** What procedures and routes work with: services, and the repositories that need none. */
export type Services = {
  artifacts: ArtifactsService
  console: ConsoleService
  files: FilesService
  groups: GroupsService
  history: HistoryService
  identities: IdentitiesRepository
  keys: KeysRepository
  live: LiveService
  measures: MeasuresService
  metrics: MetricsRepository
  organizations: OrganizationsService
  projectChanges: ProjectChanges
  projects: ProjectsRepository
  runs: RunsRepository
  runStart: StartRunService
  series: SeriesService
  usage: UsageService
  sql: SqlService
  sweeps: SweepsService
}
