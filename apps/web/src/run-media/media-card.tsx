'use client'
import type { MediaValue } from '@kiroku/core/media'
import type { RunAddress, TextMetric } from '@kiroku/core/queries'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { describeError } from '../api/trpc.ts'
import { useIsNearScreen } from '../chart/use-element-size.ts'
import { formatCount } from '../format/numbers.ts'
import { formatMoment } from '../format/times.ts'
import { Button, classes } from '../ui/button.tsx'
import { ownValue } from '../ui/own-value.ts'
import { useView } from '../workspace/view-context.tsx'
import { HistogramCard } from './histogram-card.tsx'
import { ImageGallery } from './image-gallery.tsx'
import { MediaFiles } from './media-files.tsx'
import styles from './media-page.module.css'
import { heldAt, shownIndex } from './step-choice.ts'
import { TableCard } from './table-card.tsx'
import { useMediaAt, useMediaSteps } from './use-media.ts'

export type MediaCardProps = { address: RunAddress; metric: TextMetric; color: string }

/** One metric's media: what it was at a step, and a slider over all steps. */
export function MediaCard({ address, metric, color }: MediaCardProps): ReactNode {
  const body = useRef<HTMLElement>(null)
  const isNear = useIsNearScreen(body, 400)
  const [wasNear, setWasNear] = useState(false)
  useEffect(() => {
    if (isNear) setWasNear(true)
  }, [isNear])
  // What plays goes on when it is scrolled away.
  const isKept = wasNear && (metric.kind === 'audio' || metric.kind === 'video')
  const isWide = metric.kind === 'table' && metric.chart === undefined
  return (
    <article
      ref={body}
      className={classes(styles.card, isWide && styles.wideCard)}
      aria-label={metric.metric}
      data-testid="media-card"
      data-metric={metric.metric}
      data-kind={metric.kind}
      data-chart={metric.chart?.preset}
    >
      {(isNear || isKept) && <CardBody address={address} metric={metric} color={color} />}
    </article>
  )
}

function CardBody({ address, metric, color }: MediaCardProps): ReactNode {
  const { view, change } = useView()
  const known = useMediaSteps(address, metric.metric)
  const { steps } = known
  const index = shownIndex(steps, ownValue(view.steps, metric.metric))
  const step = steps[index]
  const media = useMediaAt(address, metric.metric, step)
  const move = (next: number): void => {
    const held = heldAt(steps, Math.min(steps.length - 1, Math.max(0, next)))
    change((last) => {
      const { [metric.metric]: _before, ...others } = last.steps
      return { ...last, steps: held === undefined ? others : { ...others, [metric.metric]: held } }
    })
  }
  const { value } = media
  const failed = known.error ?? media.error
  return (
    <>
      <header className={styles.cardHead}>
        <h3 title={metric.metric}>{metric.metric}</h3>
        <span className={styles.faint} title={media.time === null ? '' : formatMoment(media.time)}>
          <span data-testid="media-step">{step === undefined ? '' : `step ${formatCount(step)}`}</span>
        </span>
      </header>
      {steps.length > 1 && (
        <div className={styles.slider}>
          <input
            type="range"
            aria-label={`Step of ${metric.metric}`}
            aria-valuetext={`step ${step}`}
            min={0}
            max={steps.length - 1}
            step={1}
            value={index}
            onChange={(event) => move(Number(event.target.value))}
          />
          <output className={styles.faint}>
            {formatCount(index + 1)} of {formatCount(steps.length)}
          </output>
          {metric.count > steps.length && (
            <span className={styles.note}>
              the last {formatCount(steps.length)} of {formatCount(metric.count)} steps
            </span>
          )}
        </div>
      )}
      <div className={classes(styles.cardBody, media.isOld && styles.old)} data-step={media.isOld ? '' : step}>
        {failed !== null && (
          <div className={styles.failed} role="alert">
            <p>{describeError(failed)}</p>
            <Button onClick={known.error === null ? media.retry : known.retry}>Try again</Button>
          </div>
        )}
        {media.isUnreadable && <p className={styles.note}>What was logged at this step is not media.</p>}
        {value !== null && (
          <MediaView
            address={address}
            metric={metric}
            value={value}
            step={step ?? 0}
            color={color}
            onStep={(next) => move(steps.indexOf(next))}
          />
        )}
      </div>
    </>
  )
}

type MediaViewProps = MediaCardProps & { value: MediaValue; step: number; onStep: (step: number) => void }

function MediaView({ address, metric, value, step, color, onStep }: MediaViewProps): ReactNode {
  switch (value._type) {
    case 'image-file':
      return <ImageGallery address={address} images={[value]} />
    case 'images':
      return <ImageGallery address={address} images={value.images} />
    case 'histogram':
      return (
        <HistogramCard address={address} metric={metric} histogram={value} step={step} color={color} onStep={onStep} />
      )
    case 'table-file':
      return <TableCard address={address} table={value} chart={metric.chart} color={color} />
    default:
      return <MediaFiles address={address} metric={metric.metric} value={value} />
  }
}
