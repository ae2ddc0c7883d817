'use client'
import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import {
  artifactPath,
  organizationSettingsPath,
  projectPath,
  projectSettingsPath,
  runPath,
  sweepPath,
} from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { useTRPC } from '../api/trpc.ts'
import popup from '../ui/popup.module.css'
import { addressOf } from '../workspace/last-views.ts'
import styles from './frame.module.css'
import { setTheme } from './theme.tsx'

type Entry = { id: string; label: string; detail: string; go: () => void }
type Group = { value: string; items: Entry[] }

export type JumpDialogProps = {
  isOpen: boolean
  onClose: () => void
  place: { organization: string; project: string } | null
}

const matches = (entry: Entry, search: string): boolean =>
  `${entry.label} ${entry.detail}`.toLowerCase().includes(search.trim().toLowerCase())

/** Goes anywhere by a few letters: runs of the project, projects, pages, themes. */
export function JumpDialog({ isOpen, onClose, place }: JumpDialogProps): ReactNode {
  const router = useRouter()
  const trpc = useTRPC()
  const [search, setSearch] = useState('')
  const asked = useDeferredValue(search.trim())
  const projects = useQuery(trpc.projects.list.queryOptions({}, { enabled: isOpen }))
  const viewer = useQuery(trpc.viewer.me.queryOptions(undefined, { enabled: isOpen }))
  const runs = useQuery(
    trpc.runs.list.queryOptions(
      {
        organization: place?.organization ?? '',
        project: place?.project ?? '',
        limit: 8,
        ...(asked === '' ? {} : { search: asked }),
      },
      { enabled: isOpen && place !== null, placeholderData: (last) => last },
    ),
  )
  const to = (path: string) => () => router.push(path)
  const pages: Entry[] = [
    ...(place === null
      ? []
      : [
          { id: 'page:workspace', label: 'Workspace', detail: 'page', go: to(addressOf(projectPath(place))) },
          { id: 'page:runs', label: 'Runs table', detail: 'page', go: to(addressOf(`${projectPath(place)}/runs`)) },
          { id: 'page:sweeps', label: 'Sweeps', detail: 'page', go: to(sweepPath(place)) },
          { id: 'page:artifacts', label: 'Artifacts', detail: 'page', go: to(artifactPath(place)) },
          { id: 'page:project', label: 'Project settings', detail: place.project, go: to(projectSettingsPath(place)) },
          { id: 'page:sql', label: 'SQL', detail: 'page', go: to(addressOf(`${projectPath(place)}/sql`)) },
        ]),
    { id: 'page:projects', label: 'Projects', detail: 'page', go: to('/') },
    ...(viewer.data?.organizations ?? []).map(({ slug, name }) => ({
      id: `page:organization/${slug}`,
      label: 'Organization settings, usage',
      detail: name,
      go: to(organizationSettingsPath(slug)),
    })),
    { id: 'page:keys', label: 'API keys', detail: 'page', go: to('/settings/keys') },
  ]
  const groups: Group[] = [
    {
      value: 'Runs',
      items: (runs.data?.runs ?? []).map((run) => ({
        id: `run:${run.id}`,
        label: run.displayName,
        detail: run.slug,
        go: to(runPath({ organization: run.organization, project: run.project, run: run.slug })),
      })),
    },
    {
      value: 'Projects',
      items: (projects.data ?? []).map((project) => ({
        id: `project:${project.organization}/${project.name}`,
        label: project.name,
        detail: project.organization,
        go: to(projectPath({ organization: project.organization, project: project.name })),
      })),
    },
    { value: 'Pages', items: pages },
    {
      value: 'Theme',
      items: (['light', 'dark', 'system'] as const).map((theme) => ({
        id: `theme:${theme}`,
        label: `Theme: ${theme}`,
        detail: 'setting',
        go: () => setTheme(theme),
      })),
    },
  ]
    .map((group) => ({
      ...group,
      items: group.value === 'Runs' ? group.items : group.items.filter((entry) => matches(entry, search)).slice(0, 8),
    }))
    .filter((group) => group.items.length > 0)

  const close = (): void => {
    setSearch('')
    onClose()
  }

  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={popup.scrim} />
        <Dialog.Viewport className={popup.modalPlace}>
          <Dialog.Popup className={popup.modal} aria-label="Jump to">
            <Autocomplete.Root
              open
              inline
              items={groups}
              filter={null}
              value={search}
              onValueChange={setSearch}
              autoHighlight="always"
              keepHighlight
              itemToStringValue={(entry: Entry) => entry.label}
            >
              <Autocomplete.Input
                className={styles.jumpInput}
                placeholder="Jump to a run, project or page"
                aria-label="Jump to"
              />
              <div className={styles.jumpList}>
                <Autocomplete.Empty>
                  <p className={styles.jumpEmpty}>Nothing is called that.</p>
                </Autocomplete.Empty>
                <Autocomplete.List>
                  {(group: Group) => (
                    <Autocomplete.Group key={group.value} items={group.items}>
                      <Autocomplete.GroupLabel className={popup.label}>{group.value}</Autocomplete.GroupLabel>
                      <Autocomplete.Collection>
                        {(entry: Entry) => (
                          <Autocomplete.Item
                            key={entry.id}
                            value={entry}
                            className={popup.item}
                            onClick={() => {
                              close()
                              entry.go()
                            }}
                          >
                            <span className={popup.itemText}>{entry.label}</span>
                            <span className={popup.detail}>{entry.detail}</span>
                          </Autocomplete.Item>
                        )}
                      </Autocomplete.Collection>
                    </Autocomplete.Group>
                  )}
                </Autocomplete.List>
              </div>
            </Autocomplete.Root>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
