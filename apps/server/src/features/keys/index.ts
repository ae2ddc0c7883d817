export { createKeysRepository, type KeysRepository } from './keys.repository.ts'
export { keysRouter } from './keys.router.ts'
