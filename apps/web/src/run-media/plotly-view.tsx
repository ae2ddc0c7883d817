'use client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { fileUrl } from '../api/file-client.ts'
import { errorOf } from '../api/series-client.ts'
import { describeError } from '../api/trpc.ts'
import { Button, classes } from '../ui/button.tsx'
import { mapTraces, readFigure } from './figure.ts'
import { FigureFrame } from './figure-frame.tsx'
import type { FramedFileProps } from './html-view.tsx'
import styles from './media-files.module.css'

/** A logged Plotly figure. */
export function PlotlyView({ address, file, name, isLarge }: FramedFileProps): ReactNode {
  const url = fileUrl(address, file.path)
  const query = useQuery({
    queryKey: ['plotly', url],
    queryFn: async ({ signal }) => {
      const response = await fetch(url, { signal })
      if (!response.ok) throw await errorOf(response)
      return await response.text()
    },
    select: parsed,
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
  })
  const { data: figure } = query
  const maps = figure ? mapTraces(figure) : []
  return (
    <>
      {query.error !== null && (
        <div className={styles.problem} role="alert">
          <p>{describeError(query.error)}</p>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </div>
      )}
      {figure === null && (
        <p className={styles.problem} role="alert">
          The file is no Plotly figure.
        </p>
      )}
      {maps.length > 0 && (
        <p className={styles.problem} role="alert">
          The figure has maps ({maps.join(', ')}), which Kiroku does not fetch from elsewhere: download it to draw it.
        </p>
      )}
      {figure && maps.length === 0 && <FigureFrame figure={figure} name={name} isLarge={isLarge} />}
      {query.isPending && <div className={classes(styles.figure, isLarge && styles.large)} />}
    </>
  )
}

function parsed(text: string): ReturnType<typeof readFigure> | null {
  try {
    return readFigure(text)
  } catch {
    return null
  }
}
