export { registerGroupsRoute } from './groups.route.ts'
export { createGroupsService, type GroupsService } from './groups.service.ts'
