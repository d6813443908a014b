import { expect } from 'bun:test';
import { chmodSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { $ } from 'bun';
import { type Cluster, startCluster } from './cluster.ts';
import { EXECUTABLE, runExecutable, serve } from './executable.ts';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';
import { findDifferences, type Runs, readAccounting } from './records.ts';
import type { Release } from './release.ts';
import { scenarioSettings } from './scenario.ts';

/** slurmctld posts a completion that nobody took again after half a minute. */
const SETTLE_MS = 75_000;

interface DeploymentOptions {
  /** Whether slurmctld posts how jobs ended. */
  readonly hasCompletions?: boolean;
  /** Whether jobs are kept in cgroups. */
  readonly hasCgroups?: boolean;
  /** Further lines of slurm.conf. */
  readonly further?: readonly string[];
}

interface StartOptions {
  readonly as?: (...line: string[]) => string[];
  readonly args?: readonly string[];
}

/**
 * Reads the lines of deploy/slurm.conf, those of compute
 * nodes too, with another folder of hooks and another port.
 */
function readDeployedLines(hooks: string, port: number): string[] {
  const text = readFileSync('deploy/slurm.conf', 'utf8');
  const lines = [...text.matchAll(/^#?(\w+=.*)$/gm)].map(([, line]) => line!);
  expect(lines).toHaveLength(6);
  return lines.map((line) =>
    line.replace('/etc/slurm/hpc-observe', hooks).replace('127.0.0.1:8080', `127.0.0.1:${port}`),
  );
}

/** A cluster that is set up as the README says, and how to start the service that it tells of its jobs. */
export async function startAll(
  release: Release,
  { hasCompletions = true, hasCgroups = false, further = [] }: DeploymentOptions = {},
) {
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const spool = folder.file('spool');
  mkdirSync(spool);
  await $`install -d -o slurm -g root -m 2770 ${spool}`;
  const port = (await freePorts(1))[0]!;
  const hooks = folder.file('hooks');
  await runExecutable(['slurm', 'hooks', hooks, '--spool', spool], { folder: folder.path });
  const deployed = readDeployedLines(hooks, port).filter(
    (line) => hasCompletions || !line.startsWith('JobComp'),
  );
  const settings = [...scenarioSettings(release), ...deployed, ...further];
  const cluster = await startCluster({ release, settings, hasCgroups });
  const env = { SLURM_CONF: cluster.env.SLURM_CONF };
  const command = [...release.enter, EXECUTABLE];
  return {
    cluster,
    /** What of slurm.conf tells the service of jobs. */
    settings,
    spool,
    folder,
    port,
    /** `as` makes a command line that another user runs; `args` come last. */
    start: ({ as = (...line) => line, args = [] }: StartOptions = {}) =>
      serve({
        command: as(...command),
        folder: folder.path,
        args: ['--port', String(port), '--slurm', 'on', '--slurm-interval', '2s', '--spool', spool, ...args],
        env,
      }),
    /** Starts a second service, which has its own database and nothing but squeue and sacct. */
    startAlone: () => {
      mkdirSync(folder.file('alone'));
      const args = ['--slurm', 'on', '--slurm-interval', '2s', '--spool', folder.file('alone/spool')];
      return serve({ command, folder: folder.file('alone'), args, env });
    },
    /** Runs a command of the executable. */
    run: (...args: readonly string[]) =>
      runExecutable(args, { command, folder: folder.path, env, timeoutMs: 60_000 }),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

export type All = Awaited<ReturnType<typeof startAll>>;

/**
 * Waits until the API shows what accounting has, and expects that it does, that runs ended in all these ways,
 * and that no hook harmed Slurm; what accounting has.
 */
export async function expectSame(
  url: string,
  { cluster, spool }: { readonly cluster: Cluster; readonly spool: string },
  ends: readonly string[],
): Promise<Runs> {
  let accounting = await readAccounting(cluster);
  const startMs = Date.now();
  let differences = await findDifferences(url, accounting);
  for (; differences.length > 0 && Date.now() - startMs < SETTLE_MS; await Bun.sleep(500)) {
    accounting = await readAccounting(cluster);
    differences = await findDifferences(url, accounting);
  }
  const runs = [...accounting.values()].flat();
  const waitedMs = Date.now() - startMs;
  console.log(
    `${accounting.size} jobs, ${runs.length} runs; the same as in accounting ${waitedMs} ms after the last`,
  );
  if (differences.length > 0) console.error(differences.join('\n'));
  expect(differences).toEqual([]);
  const words = new Set(runs.map(({ raw_state }) => raw_state));
  for (const word of ends) expect(words).toContain(word);
  expect(await cluster.run('sinfo', '--noheader', '--Node', '--partition=main', '--format=%N %T')).toBe(
    'node01 idle\nnode02 idle\nnode03 idle',
  );
  expect(listEvents(spool)).toEqual([]);
  return accounting;
}

/** Lists what waits in a spool folder; the folder `held` has copies for the agent. */
export const listEvents = (spool: string): string[] => readdirSync(spool).filter((name) => name !== 'held');
