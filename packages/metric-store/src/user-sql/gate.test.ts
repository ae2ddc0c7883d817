import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('lets so many in, in order, and refuses those whom it has no room for', async () => {
  const enter = createGate(2, 2)
  const entered: string[] = []
  const come = (name: string, signal?: AbortSignal) =>
    enter(signal).then((leave) => {
      entered.push(name)
      return leave
    })
  const [a, b] = [come('a'), come('b')]
  const c = come('c')
  const d = come('d')
  await expect(come('e')).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  const leaveA = await a
  expect(entered).toEqual(['a', 'b'])
  leaveA()
  await c
  const leaveB = await b
  leaveB()
  await d
  expect(entered).toEqual(['a', 'b', 'c', 'd'])
})

test('forgets who gave up while waiting', async () => {
  const enter = createGate(1, 1)
  const leave = await enter(undefined)
  const controller = new AbortController()
  const waiting = enter(controller.signal)
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const next = enter(undefined)
  leave()
  const leaveNext = await next
  leaveNext()
  await expect(enter(AbortSignal.abort())).resolves.toBeTypeOf('function')
})
