'use client'
import { KirokuError } from '@kiroku/core/errors'
import type { ProjectPath } from '@kiroku/core/projects'
import { projectPath } from '@kiroku/core/routes'
import { type SqlAnswer, type SqlErrorDetails, sqlErrorDetailsSchema, sqlLimits, sqlTables } from '@kiroku/core/sql'
import { useQuery } from '@tanstack/react-query'
import { BookOpen, History, Play, Square } from 'lucide-react'
import dynamic from 'next/dynamic'
import { useSearchParams } from 'next/navigation'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { fetchSql } from '../api/sql-client.ts'
import { describeError, useTRPC } from '../api/trpc.ts'
import { Button } from '../ui/button.tsx'
import { Dropdown, MenuAction } from '../ui/menu.tsx'
import { rememberView } from '../workspace/last-views.ts'
import { examplesFor, isNameable, sqlName } from './examples.ts'
import { type PastQuery, readHistory, remember } from './history.ts'
import { ResultView } from './result-view.tsx'
import { SchemaList } from './schema-list.tsx'
import styles from './sql.module.css'
import type { EditorHandle } from './sql-editor.tsx'

const SqlEditor = dynamic(() => import('./sql-editor.tsx').then((module) => module.SqlEditor), {
  ssr: false,
  loading: () => <div className={styles.editor} />,
})

type Trouble = { message: string; where: SqlErrorDetails | null }

/** Where a reader asks SQL of a project. The query that was run last is in the address. */
export function SqlConsole({ path }: { path: ProjectPath }): ReactNode {
  const { organization, project } = path
  const asked = useSearchParams().get('q')
  const trpc = useTRPC()
  const metrics = useQuery(trpc.metrics.list.queryOptions({ organization, project }))
  const found = useQuery(trpc.sql.entries.queryOptions({ organization, project }))
  const entries = useMemo(() => found.data?.entries ?? [], [found.data])
  // An example over a metric that the project does not have would find nothing.
  const isKnown = !metrics.isPending && !found.isPending
  const examples = useMemo(
    () => (isKnown ? examplesFor(metrics.data ?? [], entries) : []),
    [isKnown, metrics.data, entries],
  )
  const [initial] = useState(asked ?? '')
  const [query, setQuery] = useState(initial)
  const [answer, setAnswer] = useState<SqlAnswer | null>(null)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [isRunning, setIsRunning] = useState(false)
  const [past, setPast] = useState<PastQuery[]>([])
  const running = useRef<AbortController | null>(null)
  const editor = useRef<EditorHandle | null>(null)
  const key = `${organization}/${project}`

  const run = useCallback(
    async (text: string): Promise<void> => {
      running.current?.abort()
      if (text.trim() === '') return
      const controller = new AbortController()
      running.current = controller
      const search = new URLSearchParams({ q: text }).toString()
      window.history.replaceState(null, '', `?${search}`)
      rememberView(`${projectPath({ organization, project })}/sql`, search)
      setPast(remember(key, text, Date.now()))
      setIsRunning(true)
      setTrouble(null)
      try {
        const result = await fetchSql({ organization, project, query: text }, controller.signal)
        if (running.current === controller) setAnswer(result)
      } catch (error) {
        if (running.current === controller && !controller.signal.aborted) {
          setAnswer(null)
          setTrouble(troubleOf(error))
        }
      } finally {
        if (running.current === controller) {
          running.current = null
          setIsRunning(false)
        }
      }
    },
    [organization, project, key],
  )

  useEffect(() => {
    setPast(readHistory(key))
    if (initial !== '') void run(initial)
    return () => running.current?.abort()
  }, [key, initial, run])

  const schema = useMemo(
    () =>
      Object.fromEntries(
        sqlTables.map(({ name, columns }) => [
          name,
          [
            ...columns.map((column) => column.name).filter((column) => !column.endsWith('.KEY')),
            ...(name === 'runs'
              ? entries
                  .map((entry) => entry.name)
                  .filter(isNameable)
                  .map(sqlName)
              : []),
          ],
        ]),
      ),
    [entries],
  )
  const show = (text: string): void => {
    editor.current?.replace(text)
    void run(text)
  }

  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">SQL over {project}</h1>
      <div className={styles.main}>
        <div className={styles.bar}>
          {isRunning ? (
            <Button onClick={() => running.current?.abort()}>
              <Square size={12} /> Stop
            </Button>
          ) : (
            <Button look="primary" disabled={query.trim() === ''} onClick={() => void run(query)}>
              <Play size={12} /> Run <kbd className={styles.key}>Ctrl ↵</kbd>
            </Button>
          )}
          <Dropdown
            trigger={
              <Button look="plain" disabled={!isKnown}>
                <BookOpen size={13} /> Examples
              </Button>
            }
          >
            {examples.map(({ title, query: text }) => (
              <MenuAction key={title} onSelect={() => show(text)}>
                {title}
              </MenuAction>
            ))}
          </Dropdown>
          {past.length > 0 && (
            <Dropdown
              trigger={
                <Button look="plain">
                  <History size={13} /> History
                </Button>
              }
            >
              {past.map(({ query: text }) => (
                <MenuAction key={text} onSelect={() => show(text)}>
                  <code>{text.replaceAll(/\s+/g, ' ').slice(0, 70)}</code>
                </MenuAction>
              ))}
            </Dropdown>
          )}
          <span className={styles.spring} />
          <span className={styles.limits}>
            one SELECT, up to {sqlLimits.maxSeconds} s and {sqlLimits.maxMemoryBytes / 1e9} GB
          </span>
        </div>
        <SqlEditor
          handle={editor}
          initial={initial}
          schema={schema}
          mistake={trouble?.where ?? null}
          onChange={setQuery}
          onRun={() => void run(query)}
        />
        {trouble !== null && (
          <p className={styles.trouble} role="alert" data-testid="sql-error">
            {trouble.message}
          </p>
        )}
        {answer !== null && <ResultView answer={answer} isOld={isRunning} fileName={`${project}.csv`} />}
        {answer === null && trouble === null && (
          <div className={styles.empty}>
            {isRunning ? (
              <p>Running…</p>
            ) : (
              <>
                <p>Ask anything of this project's points and runs. For instance:</p>
                <ul>
                  {examples.slice(0, 4).map(({ title, query: text }) => (
                    <li key={title}>
                      <Button onClick={() => show(text)}>{title}</Button>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </div>
        )}
      </div>
      <SchemaList entries={entries} onPick={(text) => editor.current?.insert(text)} />
    </div>
  )
}

function troubleOf(error: unknown): Trouble {
  const where = sqlErrorDetailsSchema.safeParse(error instanceof KirokuError ? error.details : undefined)
  return { message: describeError(error), where: where.success ? where.data : null }
}
