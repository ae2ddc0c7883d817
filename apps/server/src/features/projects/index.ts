export { createProjectsRepository, type ProjectsRepository } from './projects.repository.ts'
export { projectsRouter } from './projects.router.ts'
