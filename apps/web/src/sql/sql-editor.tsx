'use client'
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { SQLDialect, sql } from '@codemirror/lang-sql'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, Prec, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view'
import type { SqlErrorDetails } from '@kiroku/core/sql'
import { tags } from '@lezer/highlight'
import { type RefObject, useEffect, useRef } from 'react'
import styles from './sql.module.css'

/** What the page asks of its editor. */
export type EditorHandle = {
  /** Puts a text where the cursor is. */
  insert(text: string): void
  /** Puts a query in the place of the one that is there. */
  replace(text: string): void
  focus(): void
}

export type SqlEditorProps = {
  handle: RefObject<EditorHandle | null>
  initial: string
  /** Completions: columns by their table. */
  schema: Readonly<Record<string, readonly string[]>>
  /** The part of the query that is wrong. */
  mistake: SqlErrorDetails | null
  onChange: (query: string) => void
  onRun: () => void
}

const setMistake = StateEffect.define<SqlErrorDetails | null>()
/** The mark of what is wrong, which goes as soon as the query is changed. */
const mistakes = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    const effect = transaction.effects.find((each) => each.is(setMistake))
    if (effect === undefined) return transaction.docChanged ? Decoration.none : marks
    const length = transaction.state.doc.length
    const found: SqlErrorDetails | null = effect.value
    if (found === null || length === 0) return Decoration.none
    const from = Math.min(found.from, length - 1)
    const to = Math.max(from + 1, Math.min(found.to, length))
    return Decoration.set([Decoration.mark({ class: styles.mistake ?? '' }).range(from, to)])
  },
  provide: (field) => EditorView.decorations.from(field),
})

const highlighting = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--ansi-4)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ansi-2)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--ansi-5)' },
  { tag: tags.comment, color: 'var(--text-faint)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--ansi-6)' },
])

/** ClickHouse's words; names of columns and functions are none. */
const clickhouse = SQLDialect.define({
  keywords:
    'select from where group by having order limit offset with as on using join inner left right full cross any all asof semi anti ' +
    'union except intersect distinct and or not in is between like ilike case when then else end over partition rows range ' +
    'preceding following current row unbounded window qualify array final prewhere asc desc nulls first last fill totals rollup ' +
    'cube interval exists recursive filter cast',
  types:
    'String Float32 Float64 Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Date DateTime DateTime64 Bool Array Map Tuple Nullable ' +
    'Decimal UUID',
  builtin: '',
  identifierQuotes: '`"',
  backslashEscapes: true,
})

const language = (schema: SqlEditorProps['schema']) =>
  sql({
    dialect: clickhouse,
    upperCaseKeywords: true,
    schema: Object.fromEntries(Object.entries(schema).map(([table, columns]) => [table, [...columns]])),
  })

/** Where a query is written: highlighted, completed, run by Ctrl-Enter. */
export function SqlEditor({ handle, initial, schema, mistake, onChange, onRun }: SqlEditorProps): React.ReactNode {
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const languageOf = useRef(new Compartment())
  const latest = useRef({ initial, schema, onChange, onRun })
  latest.current = { initial, schema, onChange, onRun }

  useEffect(() => {
    if (parent.current === null) return
    const run = (): boolean => {
      latest.current.onRun()
      return true
    }
    const editor = new EditorView({
      parent: parent.current,
      state: EditorState.create({
        doc: latest.current.initial,
        extensions: [
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
          lineNumbers(),
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          EditorView.lineWrapping,
          placeholder('SELECT …'),
          syntaxHighlighting(highlighting),
          languageOf.current.of(language(latest.current.schema)),
          mistakes,
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': 'Query', spellcheck: 'false' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    handle.current = {
      insert(text) {
        editor.dispatch(editor.state.replaceSelection(text))
        editor.focus()
      },
      replace(text) {
        editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } })
        editor.focus()
      },
      focus: () => editor.focus(),
    }
    return () => {
      handle.current = null
      view.current = null
      editor.destroy()
    }
  }, [handle])

  useEffect(() => {
    view.current?.dispatch({ effects: languageOf.current.reconfigure(language(schema)) })
  }, [schema])

  useEffect(() => {
    view.current?.dispatch({ effects: setMistake.of(mistake) })
  }, [mistake])

  return <div ref={parent} className={styles.editor} data-testid="sql-editor" />
}
