import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Providers } from '../src/api/providers.tsx'
import { themeScript } from '../src/frame/theme.tsx'
import './tokens.css'
import './base.css'

export const metadata: Metadata = { title: { default: 'Kiroku', template: '%s · Kiroku' } }

/** Reading addresses needs each page made when it is asked for; the pages themselves are small. */
export const dynamic = 'force-dynamic'

export default function RootLayout({ children }: { children: ReactNode }): ReactNode {
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  )
}
