import { expect, it } from 'vitest'
import { authorizeAll, type Identity, projectScopeOf } from '../../../http/scopes.ts'
import { isSignatureOf, signText } from '../../../http/secrets.ts'
import { createDownloadLinks } from './download-links.ts'

const identity: Identity = {
  userId: 'u',
  name: 'n',
  email: null,
  via: 'key',
  organizations: [{ id: 'o', slug: 'acme', name: 'o' }],
  deletedOrganizations: [],
}
const secret = new Uint8Array([1, 2, 3])
const identities = {
  signer: async (key: string) => (key === 'known' ? (text: string) => signText(secret, text) : null),
  bySignature: async (signature: string, text: string) => (isSignatureOf(secret, text, signature) ? identity : null),
}

it('a link is good for an hour, and for a key that there is', async () => {
  const [organization] = authorizeAll(identity)
  if (!organization) throw new Error('there is no organization')
  const scope = projectScopeOf(organization, { id: 'p', name: 'de mo' })
  let now = 1000
  const links = createDownloadLinks(identities, () => now)
  const url = new URL((await links.maker('known', scope, 'run'))('a/ü &.txt'), 'http://here')
  expect(url.pathname).toBe('/files/acme/de%20mo/run/download')
  const { path = '', until = '', signature = '' } = Object.fromEntries(url.searchParams)
  const check = (change: object = {}) =>
    links.check({ entity: 'acme', project: 'de mo', run: 'run', path, ...change }, { until: Number(until), signature })
  expect(await check()).toMatchObject({ organization: 'acme' })
  await expect(check({ path: 'b' })).rejects.toThrow('not whole')
  now += 60 * 60 * 1000
  expect(await check()).toMatchObject({ organization: 'acme' })
  now += 1
  await expect(check()).rejects.toThrow('too old')
  await expect(links.maker('gone', scope, 'run')).rejects.toThrow('no user has this API key')
})
