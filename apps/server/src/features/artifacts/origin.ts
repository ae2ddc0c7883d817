/**
 * What is before the id that a version had where it was made, among its client ids, when it was brought in from elsewhere:
 * other versions refer to it by that id.
 */
export const originPrefix = 'artifact:'
