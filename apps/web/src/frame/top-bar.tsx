'use client'
import {
  artifactPath,
  organizationSettingsPath,
  projectPath,
  projectSettingsPath,
  sweepPath,
} from '@kiroku/core/routes'
import { useQuery } from '@tanstack/react-query'
import { ChevronsUpDown, Keyboard, KeyRound, Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { type ReactNode, useState } from 'react'
import { useIsLive } from '../api/live.tsx'
import { useTRPC } from '../api/trpc.ts'
import { Button, classes, IconButton } from '../ui/button.tsx'
import { Hint } from '../ui/hint.tsx'
import { Dropdown, MenuAction, MenuSeparator } from '../ui/menu.tsx'
import { addressOf, useAddressOf } from '../workspace/last-views.ts'
import styles from './frame.module.css'
import { useHotkeys } from './hotkeys.ts'
import { JumpDialog } from './jump-dialog.tsx'
import { Logo } from './logo.tsx'
import { usePlace } from './place.tsx'
import { ShortcutsDialog } from './shortcuts-dialog.tsx'
import { ThemeSwitch } from './theme.tsx'

/** The bar above every page: where one is, what else there is, and the way anywhere. */
export function TopBar(): ReactNode {
  const place = usePlace()
  const router = useRouter()
  const [isJumping, setIsJumping] = useState(false)
  const [isHelpOpen, setIsHelpOpen] = useState(false)
  const isLive = useIsLive()
  useHotkeys({
    'mod+k': () => setIsJumping(true),
    '?': () => setIsHelpOpen(true),
    'g p': () => router.push('/'),
    ...(place === null
      ? {}
      : {
          'g w': () => router.push(addressOf(projectPath(place))),
          'g s': () => router.push(projectSettingsPath(place)),
          'g r': () => router.push(addressOf(`${projectPath(place)}/runs`)),
          'g e': () => router.push(sweepPath(place)),
          'g a': () => router.push(artifactPath(place)),
          'g q': () => router.push(addressOf(`${projectPath(place)}/sql`)),
        }),
  })
  return (
    <header className={styles.bar}>
      <Link href="/" className={styles.logo} aria-label="Kiroku: all projects">
        <Logo />
      </Link>
      {place !== null && <ProjectSwitch place={place} />}
      {place !== null && <Tabs place={place} />}
      <span className={styles.spring} />
      {!isLive && (
        <span className={styles.offline} role="status">
          reconnecting
        </span>
      )}
      <button type="button" className={styles.jump} onClick={() => setIsJumping(true)}>
        <Search size={14} />
        <span>Search or jump</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Hint text="API keys">
        <IconButton label="API keys" onClick={() => router.push('/settings/keys')}>
          <KeyRound size={15} />
        </IconButton>
      </Hint>
      <Hint text="Shortcuts" keys="?">
        <IconButton label="Shortcuts" className={styles.wideOnly} onClick={() => setIsHelpOpen(true)}>
          <Keyboard size={15} />
        </IconButton>
      </Hint>
      <ThemeSwitch />
      <JumpDialog isOpen={isJumping} onClose={() => setIsJumping(false)} place={place} />
      <ShortcutsDialog isOpen={isHelpOpen} onClose={() => setIsHelpOpen(false)} />
    </header>
  )
}

type Place = { organization: string; project: string }

function ProjectSwitch({ place }: { place: Place }): ReactNode {
  const trpc = useTRPC()
  const router = useRouter()
  const projects = useQuery(trpc.projects.list.queryOptions({}))
  return (
    <Dropdown
      trigger={
        <Button look="plain" className={styles.switch}>
          <span className={styles.organization}>{place.organization} /</span>
          <span className={styles.project}>{place.project}</span>
          <ChevronsUpDown size={13} />
        </Button>
      }
    >
      {(projects.data ?? []).map((project) => (
        <MenuAction
          key={`${project.organization}/${project.name}`}
          detail={project.organization}
          onSelect={() => router.push(projectPath({ organization: project.organization, project: project.name }))}
        >
          {project.name}
        </MenuAction>
      ))}
      <MenuSeparator />
      <MenuAction onSelect={() => router.push(projectSettingsPath(place))}>Settings of {place.project}</MenuAction>
      <MenuAction onSelect={() => router.push(organizationSettingsPath(place.organization))}>
        Settings of {place.organization}
      </MenuAction>
      <MenuAction onSelect={() => router.push('/')}>All projects</MenuAction>
    </Dropdown>
  )
}

/** Where tabs do not all fit beside each other, the current one is to be seen. */
const showTab = (tab: HTMLAnchorElement | null): void => tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' })

function Tabs({ place }: { place: Place }): ReactNode {
  const pathname = usePathname()
  const home = projectPath(place)
  const isInRuns = pathname.startsWith(`${home}/runs`)
  const isInSettings = pathname === projectSettingsPath(place)
  const isInSweeps = pathname.startsWith(sweepPath(place))
  const isInSql = pathname === `${home}/sql`
  const isInArtifacts = pathname.startsWith(artifactPath(place))
  const isElsewhere = isInRuns || isInSweeps || isInSettings || isInSql || isInArtifacts
  const tabs = [
    { href: useAddressOf(home), label: 'Workspace', isCurrent: !isElsewhere },
    { href: useAddressOf(`${home}/runs`), label: 'Runs', isCurrent: isInRuns },
    { href: sweepPath(place), label: 'Sweeps', isCurrent: isInSweeps },
    { href: artifactPath(place), label: 'Artifacts', isCurrent: isInArtifacts },
    { href: useAddressOf(`${home}/sql`), label: 'SQL', isCurrent: isInSql },
    { href: projectSettingsPath(place), label: 'Settings', isCurrent: isInSettings },
  ]
  return (
    <nav aria-label="Project" className={styles.tabs}>
      {tabs.map(({ href, label, isCurrent }) => (
        <Link
          key={label}
          href={href}
          className={classes(styles.tab)}
          aria-current={isCurrent ? 'page' : undefined}
          ref={isCurrent ? showTab : undefined}
        >
          {label}
        </Link>
      ))}
    </nav>
  )
}
