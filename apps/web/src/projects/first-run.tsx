'use client'
import Link from 'next/link'
import { type ReactNode, useSyncExternalStore } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import styles from './projects.module.css'

const nothing = (): (() => void) => () => {}

function useOrigin(): string {
  return useSyncExternalStore(
    nothing,
    () => window.location.origin,
    () => '',
  )
}

const needsQuotes = /[^A-Za-z0-9_./-]/

/** Teaches an empty place: what to install, where to send, and the lines that make the first run. */
export function FirstRun({ project = 'my-project' }: { project?: string }): ReactNode {
  const origin = useOrigin()
  const shell = `npm i path/to/kiroku/packages/sdk\nexport KIROKU_URL=${origin}\nexport KIROKU_API_KEY=kiroku-…`
  const name = needsQuotes.test(project) ? JSON.stringify(project) : `'${project}'`
  const code = `import { init } from '@kiroku/sdk'\nconst run = init({ project: ${name}, config: { lr: 1e-3 } })\nfor (let step = 0; step < 100; step++) run.log({ loss: 1 / (1 + step) })`
  return (
    <section className={styles.first} aria-label="The first run">
      <h1>Log the first run</h1>
      <p>Charts appear here by themselves, with the first number.</p>
      <Snippet title="Once, in the shell" text={shell} />
      <p className={styles.hint}>
        A key is made under <Link href="/settings/keys">API keys</Link>. On the machine that Kiroku runs on, neither
        variable is needed: <code>kiroku up</code> has left the address and a key where the SDK finds them.
      </p>
      <Snippet title="In the training script" text={code} />
    </section>
  )
}

function Snippet({ title, text }: { title: string; text: string }): ReactNode {
  return (
    <figure className={styles.snippet}>
      <figcaption>
        {title}
        <CopyButton text={text} label={`Copy: ${title}`} />
      </figcaption>
      <pre>{text}</pre>
    </figure>
  )
}
