import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@kiroku/metric-store/testing'
import { until } from './factories.ts'

/** A real nginx in front of servers, which gives each request to the next of them. */
export type TestProxy = AsyncDisposable & { url: string }

/**
 * Starts nginx over these addresses, which it has below `/`, below `/stripped`, which it takes off, and below `/kept`, which it leaves in
 * what it asks for. Throws when there is no nginx.
 */
export async function startProxy(urls: readonly string[]): Promise<TestProxy> {
  const program = findNginx()
  const directory = await mkdtemp(join(tmpdir(), 'kiroku-proxy-'))
  const port = await freePort()
  await mkdir(join(directory, 'tmp'), { mode: 0o777 })
  const config = join(directory, 'nginx.conf')
  await writeFile(config, configuration(directory, port, urls))
  const child = spawn(program, ['-c', config, '-p', directory, '-e', join(directory, 'error.log')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await until(() => fetch(url))
  return {
    url,
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      if (child.exitCode === null && child.kill('SIGTERM')) await exit
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** As docs/deployment.md has it, but for what keeps it in its own directory. */
function configuration(directory: string, port: number, urls: readonly string[]): string {
  const servers = urls.map((url) => `server ${new URL(url).host} max_fails=1 fail_timeout=1s;`).join(' ')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(directory, 'tmp', name)};`)
    .join(' ')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `daemon off; ${user} worker_processes 1; pid ${join(directory, 'nginx.pid')};
    events { worker_connections 256; }
    http {
      access_log off; ${paths}
      upstream kiroku { ${servers} }
      server {
        listen 127.0.0.1:${port};
        client_max_body_size 0;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_read_timeout 1h;
        location / { proxy_pass http://kiroku; ${headers} }
        location /stripped/ { proxy_pass http://kiroku/; ${headers} proxy_set_header X-Forwarded-Prefix /stripped; }
        location /kept/ { proxy_pass http://kiroku; ${headers} }
      }
    }`
}

/** Said for each place: one that sets a header of its own inherits none. */
const headers = `proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;`

function findNginx(): string {
  const found = ['nginx', '/usr/sbin/nginx'].find((program) => spawnSync(program, ['-v']).status === 0)
  if (found === undefined)
    throw new Error('There is no nginx, which this test puts in front of servers: apt-get install -y nginx-light')
  return found
}
