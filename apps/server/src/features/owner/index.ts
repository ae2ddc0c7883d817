export { type CreatedOrganization, createOwnerRepository } from './owner.repository.ts'
export { type Owner, openOwner } from './owner-key.ts'
