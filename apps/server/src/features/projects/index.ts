export { createProjectChanges, type ProjectChanges } from './project-changes.repository.ts'
export { createProjectsRepository, type ProjectsRepository } from './projects.repository.ts'
export { projectsRouter } from './projects.router.ts'
export { endsBefore } from './retention.ts'
