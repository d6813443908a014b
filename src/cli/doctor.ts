import { existsSync, statSync } from 'node:fs';
import { open, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { judgeCertificate } from '../doctor/certificate.ts';
import { judgeClock } from '../doctor/clock.ts';
import { type DiskState, judgeDisk } from '../doctor/disk.ts';
import { judgeFreshness } from '../doctor/freshness.ts';
import { judgePostgres } from '../doctor/postgres.ts';
import { type Checkup, missing, ok, renderCheckups, wrong } from '../domain/checkup.ts';
import { isPostgresAddress, withoutPassword } from '../domain/database-address.ts';
import { OperatorError } from '../domain/errors.ts';
import { locateDatabase } from '../settings/database.ts';
import type { Surroundings } from '../settings/load.ts';
import type { ServiceConfig } from '../settings/table.ts';
import { SERVICE_KEYS } from '../settings/table.ts';
import { defineCommand, type Input } from './command.ts';
import { askService, NoService } from './connection.ts';
import { PROOF_SETTINGS, type ProofConfig, proveUser } from './proof.ts';
import { SLURM_CHECK_SETTINGS } from './slurm-check.ts';

const TIMEOUT_MS = 10_000;
const FLUSHES = 9;
const TIMEDATECTL = '/usr/bin/timedatectl';
const SETTINGS = [...new Set([...SERVICE_KEYS, ...PROOF_SETTINGS, ...SLURM_CHECK_SETTINGS])] as const;
type Config = Input<(typeof SETTINGS)[number]>['config'];

export const doctor = defineCommand({
  summary: 'Check an installation: settings, database, disk, clock, certificate, service, agents, Slurm',
  usage: ['doctor [--json] [settings]'],
  examples: [
    [
      'doctor --config /etc/hpc-observe.toml',
      'With the settings of the service; exit code 1 if something is wrong',
    ],
    ['doctor --json', 'For programs: an array of status, what and advice'],
  ],
  settings: SETTINGS,
  flags: { json: { help: 'Print JSON' } },
  async run({ config, env, flags, print }) {
    const checkups = [
      ok('The settings are valid.'),
      ...(await (isPostgresAddress(config.database)
        ? checkPostgres(locateDatabase(config))
        : checkDatabase(config.database))),
      judgeClock(await askClock()),
      ...(await checkCertificate(config)),
      ...(await checkService(config)),
      ...(await checkSlurmHere(config, env)),
    ];
    print(flags.has('json') ? `${JSON.stringify(checkups, undefined, 2)}\n` : renderCheckups(checkups));
    return checkups.some(({ status }) => status === 'wrong') ? 1 : 0;
  },
});

async function checkDatabase(database: string): Promise<Checkup[]> {
  const path = resolve(database);
  const folder = dirname(path);
  if (!existsSync(folder))
    return [
      wrong(
        `The folder ${folder} of the database does not exist.`,
        'Create it, or name another file with --database.',
      ),
    ];
  const disk = judgeDisk(await readDisk(path, folder));
  if (!existsSync(path))
    return [missing(`There is no database ${path} yet.`, 'The service creates it when it starts.'), ...disk];
  return [await checkVersion(path), ...disk];
}

async function checkPostgres(address: string): Promise<Checkup[]> {
  const { inspectPostgres } = await import('../store/postgres/inspect.ts');
  try {
    return judgePostgres(withoutPassword(address), await inspectPostgres(address));
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [wrong(error.message, 'docs/postgres.md says how the database is set up.')];
  }
}

async function checkVersion(path: string): Promise<Checkup> {
  const [{ readVersion }, { MIGRATIONS }] = await Promise.all([
    import('../store/sqlite/care/copy.ts'),
    import('../store/sqlite/migrations/index.ts'),
  ]);
  let version: number;
  try {
    version = readVersion(path);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return wrong(error.message, 'hpc-observe check --database tells more.');
  }
  if (version === MIGRATIONS.length)
    return ok(`The database ${path} can be read and has the version of this executable.`);
  return version < MIGRATIONS.length
    ? missing(
        `The database ${path} has version ${version}, and this executable has ${MIGRATIONS.length}.`,
        'It is migrated at the next start; hpc-observe upgrade --rehearse says how long that takes.',
      )
    : wrong(`The database ${path} is of a newer hpc-observe.`, 'Install that one again.');
}

async function readDisk(path: string, folder: string): Promise<DiskState> {
  const { bavail, bsize, type } = await statfs(folder);
  return {
    folder,
    databaseBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    freeBytes: bavail * bsize,
    fileSystem: type,
    flushMs: await timeFlush(folder),
  };
}

/** Returns the median time of writes of 4 kB, each flushed, to a file that is removed. */
async function timeFlush(folder: string): Promise<number | undefined> {
  const path = join(folder, `.hpc-observe-doctor-${process.pid}`);
  const file = await open(path, 'wx').catch(() => undefined);
  if (!file) return undefined;
  try {
    const times: number[] = [];
    for (let round = 0; round < FLUSHES; round++) {
      const startedMs = performance.now();
      await file.write(Buffer.alloc(4096, round), 0, 4096, 4096 * round);
      await file.datasync();
      times.push(performance.now() - startedMs);
    }
    return times.sort((one, other) => one - other)[FLUSHES >> 1];
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

/** Returns what timedatectl says; undefined where it cannot be asked. */
async function askClock(): Promise<string | undefined> {
  const { runProgram } = await import('../program.ts');
  let text = '';
  try {
    await runProgram([TIMEDATECTL, 'show'], { env: {}, timeoutMs: TIMEOUT_MS }, (piece) => {
      text += piece;
    });
    return text;
  } catch {
    // No systemd, or no bus: the clock is not known to be wrong.
    return undefined;
  }
}

async function checkCertificate({
  tlsCert,
  tlsKey,
  clientCa,
}: Pick<ServiceConfig, 'tlsCert' | 'tlsKey' | 'clientCa'>) {
  if (tlsCert === null || tlsKey === null) return [];
  const { readCertificate } = await import('../service/certificate.ts');
  try {
    const { expiresMs } = readCertificate({ cert: tlsCert, key: tlsKey, clientCa: clientCa ?? undefined });
    return [judgeCertificate(tlsCert, expiresMs, Date.now())];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [wrong(error.message, 'docs/access.md says how the files are made.')];
  }
}

/**
 * Checks who this user is for the service, by MUNGE where it is in use, and how old it is what the service
 * knows.
 */
async function checkService(config: ProofConfig): Promise<Checkup[]> {
  try {
    const { who, headers } = await proveUser(config);
    if (who.name === undefined)
      return [
        missing(
          `The service answers, and does not know who asks: ${who.why}`,
          'hpc-observe whoami tells more.',
        ),
      ];
    const { freshness } = await askService(config, (client) => client.getOverview(), {
      headers: await headers(),
    });
    return [ok(`The service answers, and knows ${who.name}: ${who.why}`), ...judgeFreshness(freshness)];
  } catch (error) {
    if (error instanceof NoService)
      return [wrong(error.message, 'Its log says why it ended: journalctl -u hpc-observe.')];
    if (!(error instanceof OperatorError)) throw error;
    return [wrong(`The service refuses: ${error.message}`, 'hpc-observe whoami tells more.')];
  }
}

async function checkSlurmHere(config: Config, env: Surroundings['env']): Promise<Checkup[]> {
  if (config.slurm === 'off') return [ok('Slurm is not followed (--slurm off).')];
  const [{ checkSlurm }, { findSlurm }] = await Promise.all([
    import('./slurm-check.ts'),
    import('../service/slurm.ts'),
  ]);
  try {
    if (!findSlurm(config, env).isFollowed)
      return [
        missing(
          'There is no Slurm on this machine: jobs are known only from those who report them.',
          'Name the folder of its programs with --slurm-bin.',
        ),
      ];
    return await checkSlurm(config, env, false);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return [wrong(error.message, 'systemctl status slurmctld munge')];
  }
}
