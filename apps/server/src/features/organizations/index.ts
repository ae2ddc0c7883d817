export { createOrganizationsRepository } from './organizations.repository.ts'
export { organizationsRouter } from './organizations.router.ts'
export { createOrganizationsService, type OrganizationsService } from './organizations.service.ts'
