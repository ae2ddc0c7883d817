/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  typescript: { tsconfigPath: 'tsconfig.build.json' },
  devIndicators: false,
  compress: false,
  images: { unoptimized: true },
}

export default config
