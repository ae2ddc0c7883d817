'use client'
import { organizationSettingsPath, routes } from '@kiroku/core/routes'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { type FormEvent, type ReactNode, useState } from 'react'
import { describeError, useTRPC } from '../api/trpc.ts'
import { formatMoment } from '../format/times.ts'
import { Age } from '../ui/age.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Notice } from '../ui/notice.tsx'
import styles from './session.module.css'

/** The page of the reader's organizations' API keys. */
export function KeysPage(): ReactNode {
  const trpc = useTRPC()
  const viewer = useQuery(trpc.viewer.me.queryOptions())
  if (viewer.error !== null && viewer.data === undefined)
    return <Notice title={describeError(viewer.error)} onRetry={() => void viewer.refetch()} />
  return (
    <div className={styles.page}>
      {viewer.data !== undefined && <Account name={viewer.data.name} />}
      {viewer.data?.organizations.map(({ slug, name }) => (
        <OrganizationKeys key={slug} organization={slug} name={name} />
      ))}
    </div>
  )
}

async function signOut(): Promise<void> {
  await fetch(routes.session, { method: 'DELETE' })
  window.location.assign('/login')
}

function Account({ name }: { name: string }): ReactNode {
  const leave = useMutation({ mutationFn: signOut })
  return (
    <p className={styles.account}>
      Signed in as {name}
      <Button onClick={() => leave.mutate()} disabled={leave.isPending}>
        Sign out
      </Button>
    </p>
  )
}

function OrganizationKeys({ organization, name }: { organization: string; name: string }): ReactNode {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const keys = useQuery(trpc.keys.list.queryOptions({ organization }))
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: trpc.keys.list.queryKey({ organization }) })
  const create = useMutation(trpc.keys.create.mutationOptions({ onSuccess: refresh }))
  const revoke = useMutation(trpc.keys.revoke.mutationOptions({ onSuccess: refresh }))
  const [doomed, setDoomed] = useState<string | null>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    create.mutate({ organization, name: title.trim() }, { onSuccess: () => setTitle('') })
  }
  return (
    <section aria-label={`API keys of ${name}`}>
      <h1 className={styles.heading}>
        API keys <span>of {name}</span>
      </h1>
      <p className={styles.hint}>A script sends with a key: KIROKU_API_KEY, or once “kiroku login”.</p>
      <p className={styles.hint}>
        <Link href={organizationSettingsPath(organization)}>Usage and settings of {name}</Link>
      </p>
      <form className={styles.create} onSubmit={submit}>
        <label>
          <span className="visually-hidden">Name of the new key</span>
          <input
            value={title}
            onChange={(event) => setTitle(event.target.value)}
            placeholder="Name, such as: cluster"
            maxLength={64}
          />
        </label>
        <Button type="submit" look="primary" disabled={title.trim() === '' || create.isPending}>
          Create key
        </Button>
      </form>
      {create.data !== undefined && (
        <div className={styles.created} role="status">
          <p>This is the only time that the key is shown.</p>
          <code data-testid="new-key">{create.data.key}</code>
          <CopyButton text={create.data.key} label="Copy the key" />
        </div>
      )}
      {keys.error !== null && <Notice title={describeError(keys.error)} onRetry={() => void keys.refetch()} />}
      <table className={styles.keys}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Key</th>
            <th scope="col">Created</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {(keys.data ?? []).map((key) => (
            <tr key={key.id}>
              <td>{key.name}</td>
              <td>
                <code>…{key.hint}</code>
              </td>
              <td>{formatMoment(key.createdAt).slice(0, 10)}</td>
              <td>{key.lastUsedAt === null ? 'never' : <Age time={key.lastUsedAt} />}</td>
              <td>
                <Button
                  look="plain"
                  onBlur={() => setDoomed(null)}
                  onClick={() => (doomed === key.id ? revoke.mutate({ organization, id: key.id }) : setDoomed(key.id))}
                >
                  {doomed === key.id ? 'Revoke for good' : 'Revoke'}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
