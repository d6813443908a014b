import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts';
import { temporaryFolder } from '../../help/folder.ts';
import { buildJobs, type Totals } from './build.ts';
import { GENERATOR_VERSION, type JobsShape } from './jobs.ts';

const DAY_MS = 86_400_000;
const ROOT = join(tmpdir(), 'hpc-observe-bench');
const schema = new Bun.CryptoHasher('sha256').update(MIGRATIONS.join('\n')).digest('hex').slice(0, 8);
/** One folder per schema and generator, so that databases of others are never used. */
const FOLDER = join(ROOT, `v${MIGRATIONS.length}-${GENERATOR_VERSION}-${schema}`);

/**
 * Copies the database of a shape into a folder, as `hpc-observe.db`; the folder is removed with the scope.
 * The original is built once and stays in the system's temporary folder.
 */
export async function jobsFolder(shape: JobsShape) {
  const name = `jobs-${shape.jobs}${shape.isOnlyRunning ? '-running' : ''}`;
  const path = join(FOLDER, `${name}.db`);
  if (!existsSync(path)) await build(path, name, shape);
  const folder = temporaryFolder();
  copyFileSync(path, folder.file('hpc-observe.db'), constants.COPYFILE_FICLONE);
  syncFile(folder.file('hpc-observe.db'));
  const totals: Totals = await Bun.file(`${path}.json`).json();
  return { ...folder, totals };
}

/** Waits until a copy is on disk: the commits that are measured must not wait for it. */
function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** Builds under another name, so that an interrupted build is never used. */
async function build(path: string, name: string, shape: JobsShape): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  removeLeftovers();
  const partial = `${path}.partial-${process.pid}`;
  const totals = await buildJobs(partial, name, shape);
  await Bun.write(`${path}.json`, JSON.stringify(totals));
  rmSync(`${partial}-lock`, { force: true });
  renameSync(partial, path);
}

/** Removes databases of other versions and interrupted builds that are older than a day. */
function removeLeftovers(): void {
  const names = readdirSync(ROOT, { recursive: true }) as string[];
  for (const name of names) {
    const path = join(ROOT, name);
    const isLeftover = name.includes('.partial-') || (!name.includes('/') && path !== FOLDER);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (isLeftover && changedMs !== undefined && Date.now() - changedMs > DAY_MS) {
      rmSync(path, { recursive: true });
    }
  }
}
