/** Numbers beyond 32 bits, and documents in a string, which are opaque here. All pass as they are. */
export const scalarsSdl = `
  scalar JSON
  scalar JSONString
  scalar DateTime
  scalar Int64
  scalar Duration
`
