import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { SignIn } from '../../src/session/sign-in.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default function LoginPage(): ReactNode {
  return <SignIn />
}
