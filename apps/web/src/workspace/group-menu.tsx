'use client'
import type { Run } from '@kiroku/core/runs'
import { ChevronDown } from 'lucide-react'
import { type ReactNode, useMemo } from 'react'
import { bandNames, figureNames, groupBands, groupFigures } from '../chart/prepare-groups.ts'
import { Button } from '../ui/button.tsx'
import { Dropdown, MenuChoice } from '../ui/menu.tsx'
import { groupChoices, groupingLabel } from './run-groups.ts'
import styles from './toolbar.module.css'
import { useView } from './view-context.tsx'

/** What the runs are grouped by, and what the line and the band of a group are. */
export function GroupMenu({ runs }: { runs: readonly Run[] }): ReactNode {
  const { view, change } = useView()
  const choices = useMemo(() => groupChoices(runs), [runs])
  return (
    <>
      <Dropdown
        trigger={
          <Button look="plain" data-testid="group-by">
            <span className={styles.label}>group</span> {groupingLabel(view.groupBy)} <ChevronDown size={13} />
          </Button>
        }
      >
        <MenuChoice
          label="A line for each"
          value={view.groupBy ?? ''}
          options={choices}
          onChange={(by) => change({ groupBy: by === '' ? null : by })}
        />
      </Dropdown>
      {view.groupBy !== null && (
        <Dropdown
          trigger={
            <Button look="plain" data-testid="group-figure">
              {figureNames[view.figure]}
              {view.band !== 'none' && <span className={styles.label}>{bandNames[view.band]}</span>}
              <ChevronDown size={13} />
            </Button>
          }
        >
          <MenuChoice
            label="Line"
            value={view.figure}
            options={groupFigures.map((value) => ({ value, label: figureNames[value] }))}
            onChange={(text) => change({ figure: groupFigures.find((figure) => figure === text) ?? 'mean' })}
          />
          <MenuChoice
            label="Band"
            value={view.band}
            options={groupBands.map((value) => ({ value, label: bandNames[value] }))}
            onChange={(text) => change({ band: groupBands.find((band) => band === text) ?? 'range' })}
          />
        </Dropdown>
      )}
    </>
  )
}
