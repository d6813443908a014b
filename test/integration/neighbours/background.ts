import { writeFileSync } from 'node:fs';
import { temporaryFolder } from '../../help/folder.ts';
import type { Case } from './case.ts';

/** Several looks of the policies, and several snapshots that nobody takes. */
const BACKGROUND_MS = 12_000;

/** Every job is read for the first, as many as a look reads. */
const POLICIES = `[policy.all]
says = "x"
looks_at = "running"
job.cpu_percent = "<= 100"
tell = ["user"]
by = ["page"]

[policy.idle]
says = "x"
looks_at = "running"
job.cpu_idle_minutes = ">= 15"
tell = ["user"]
by = ["page"]
`;

/** Starts a receiver that takes no snapshot, and returns the settings of a service with it and policies. */
export function startBackground() {
  const folder = temporaryFolder();
  const file = folder.file('policies.toml');
  writeFileSync(file, POLICIES);
  const silent = Bun.serve({ port: 0, idleTimeout: 0, fetch: () => new Promise<Response>(() => {}) });
  return {
    args: [
      ...['--policies', file, '--slurm-interval', '1s'],
      ...['--push', silent.url.origin, '--push-interval', '1s'],
    ],
    async [Symbol.asyncDispose]() {
      await silent.stop(true);
      folder[Symbol.dispose]();
    },
  };
}

/** What the service does by itself while nobody asks. */
export const BACKGROUND: readonly Case[] = [
  {
    endpoint: 'GET /v1/health',
    use: 'while policies look at 2,000 running jobs and a receiver of pushed metrics hangs',
    run: () => Bun.sleep(BACKGROUND_MS),
  },
];
