/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  compress: false,
  images: { unoptimized: true },
}

export default config
