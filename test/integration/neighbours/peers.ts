import { writeFileSync } from 'node:fs';
import { temporaryFolder } from '../../help/folder.ts';
import { atOnce, type Case, get } from './case.ts';

const DEEP = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;

/** What answers where the services of other clusters should be. */
const PEERS: Readonly<Record<string, () => Response | Promise<Response>>> = {
  silent: () => new Promise(() => {}),
  endless: () => new Response(blanks()),
  deep: () => new Response(DEEP),
};

const blanks = () =>
  new ReadableStream({
    async pull(controller) {
      await Bun.sleep(1);
      controller.enqueue(new Uint8Array(256 * 1024).fill(32));
    },
  });

/** Starts the peers, and returns the settings of a service that shows them. */
export function startPeers() {
  const folder = temporaryFolder();
  const servers = Object.entries(PEERS).map(([name, answer]) => ({
    name,
    server: Bun.serve({ port: 0, idleTimeout: 0, fetch: answer }),
  }));
  const tokens = folder.file('peer-tokens');
  writeFileSync(tokens, servers.map(({ name }) => `${name} hpo_${'x'.repeat(36)}\n`).join(''), {
    mode: 0o600,
  });
  return {
    args: [
      ...['--peer-tokens-file', tokens],
      ...servers.flatMap(({ name, server }) => ['--peer', `${name}=${server.url.origin}`]),
    ],
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(({ server }) => server.stop(true)));
      folder[Symbol.dispose]();
    },
  };
}

const ask = (path: string) => (url: string) => atOnce(10, () => get(url, path));

/** Questions to clusters of which none answers as it should. */
export const CLUSTERS: readonly Case[] = [
  { endpoint: 'GET /v1/clusters', use: '10 at once, beside bad peers', run: ask('/v1/clusters') },
  {
    endpoint: 'GET /v1/clusters/jobs',
    use: '10 pages at once, beside bad peers',
    run: ask('/v1/clusters/jobs?limit=1000'),
  },
];
