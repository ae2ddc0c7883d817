import { expect, test } from 'vitest'
import { queryFailure } from './failure.ts'

const placed = { query: 'SELECT toInt64(metric) FROM points', text: '', tokens: [], before: '' }

test('what a shard says does not tell where the shard is', () => {
  const said =
    "Code: 6. DB::Exception: Received from 10.0.0.7:9000. DB::Exception: Received from shard-2.internal:9000. DB::Exception: Cannot parse string 'loss' as Int64: while executing 'FUNCTION toInt64(metric)'. (CANNOT_PARSE_TEXT) (version 26.7.2.1)"
  expect(queryFailure(new Error(said), placed)).toMatchObject({
    code: 'BAD_REQUEST',
    message: "Cannot parse string 'loss' as Int64",
  })
})

test('a shard that is lost on the way is no fault of the query', () => {
  const said =
    'Code: 279. DB::Exception: All connection tries failed. Log: 10.0.0.7:9000. (ALL_CONNECTION_TRIES_FAILED)'
  expect(queryFailure(new Error(said), placed)).toMatchObject({
    code: 'UNAVAILABLE',
    message: 'query: a shard of the cluster does not answer',
  })
})
