'use client'
import { errorBodySchema } from '@kiroku/core/errors'
import { apiKeySchema } from '@kiroku/core/ids'
import { routes } from '@kiroku/core/routes'
import { useSearchParams } from 'next/navigation'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Logo } from '../frame/logo.tsx'
import { Button } from '../ui/button.tsx'
import { returnPath } from './return-path.ts'
import styles from './session.module.css'

async function signIn(apiKey: string): Promise<string | null> {
  const response = await fetch(routes.session, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiKey }),
  })
  if (response.ok) return null
  if (response.status === 401) return 'Nobody here has this key. It may have been revoked.'
  const body = errorBodySchema.safeParse(await response.json().catch(() => null))
  return body.success ? body.data.message : `The server answered ${response.status}.`
}

/** Signs a browser in with an API key. */
export function SignIn(): ReactNode {
  const params = useSearchParams()
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setIsBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const apiKey = key.trim()
    if (!apiKeySchema.safeParse(apiKey).success) {
      setProblem('A key is “kiroku-” and 40 letters or digits.')
      return
    }
    setIsBusy(true)
    const answer = await signIn(apiKey).catch(() => 'The server does not answer.')
    setIsBusy(false)
    setProblem(answer)
    if (answer === null) window.location.assign(returnPath(params.get('next'), window.location.origin))
  }
  return (
    <main className={styles.place}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <Logo size={28} />
        <h1>Sign in to Kiroku</h1>
        <label className={styles.field}>
          API key
          <input
            type="password"
            value={key}
            onChange={(event) => setKey(event.target.value)}
            placeholder="kiroku-…"
            autoComplete="current-password"
            spellCheck={false}
            aria-invalid={problem !== null}
            aria-describedby="sign-in-problem"
            // biome-ignore lint/a11y/noAutofocus: the page has this one field and nothing to read before it
            autoFocus
          />
        </label>
        <p id="sign-in-problem" className={styles.problem} role="alert">
          {problem}
        </p>
        <Button type="submit" look="primary" disabled={isBusy}>
          {isBusy ? 'Signing in' : 'Sign in'}
        </Button>
        <p className={styles.hint}>
          Anybody who is signed in can make a key for you. The owner’s is in <code>owner-key</code> in Kiroku’s data
          directory; over databases of your own, <code>kiroku up</code> prints it at its first start.
        </p>
      </form>
    </main>
  )
}
