'use client'
import { Monitor, Moon, Sun } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { IconButton } from '../ui/button.tsx'
import { Dropdown, MenuChoice } from '../ui/menu.tsx'

const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const storageKey = 'kiroku.theme'

/** Runs before the first paint, so that the page never shows in the wrong colours. */
export const themeScript = `try{var t=localStorage.getItem('${storageKey}')}catch(e){}var d=matchMedia('(prefers-color-scheme: dark)');function k(){var v=t==='light'||t==='dark'?t:d.matches?'dark':'light';document.documentElement.dataset.theme=v}k();`

function storedTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(storageKey)) ?? 'system'
  } catch {
    return 'system'
  }
}

function apply(theme: Theme): void {
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.dataset['theme'] = theme === 'system' ? (isDark ? 'dark' : 'light') : theme
}

/** Keeps the reader's choice of theme and shows the page in it. */
export function setTheme(theme: Theme): void {
  try {
    localStorage.setItem(storageKey, theme)
  } catch {
    // A browser that keeps nothing still shows the theme until the page is left.
  }
  apply(theme)
}

/** Lets the reader choose light, dark, or what the system says. */
export function ThemeSwitch(): ReactNode {
  const [theme, choose] = useState<Theme>('system')
  useEffect(() => {
    choose(storedTheme())
    const system = matchMedia('(prefers-color-scheme: dark)')
    const follow = (): void => apply(storedTheme())
    system.addEventListener('change', follow)
    return () => system.removeEventListener('change', follow)
  }, [])
  const icons = { system: <Monitor size={15} />, light: <Sun size={15} />, dark: <Moon size={15} /> }
  return (
    <Dropdown align="end" trigger={<IconButton label={`Theme: ${theme}`}>{icons[theme]}</IconButton>}>
      <MenuChoice
        label="Theme"
        value={theme}
        options={[
          { value: 'system', label: 'Like the system' },
          { value: 'light', label: 'Light' },
          { value: 'dark', label: 'Dark' },
        ]}
        onChange={(value) => {
          const next = themes.find((one) => one === value) ?? 'system'
          choose(next)
          setTheme(next)
        }}
      />
    </Dropdown>
  )
}
