import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
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
/** One folder for each schema and generator: what another one made is not used. */
const FOLDER = join(ROOT, `v${MIGRATIONS.length}-${GENERATOR_VERSION}-${schema}`);

/**
 * A copy of the database of a shape, as `hpc-observe.db` in a folder that goes away with the scope. The original is built
 * once and kept under the system's temporary folder.
 */
export async function jobsFolder(shape: JobsShape) {
  const name = `jobs-${shape.jobs}${shape.isOnlyRunning ? '-running' : ''}`;
  const path = join(FOLDER, `${name}.db`);
  if (!existsSync(path)) await build(path, name, shape);
  const folder = temporaryFolder();
  copyFileSync(path, folder.file('hpc-observe.db'), constants.COPYFILE_FICLONE);
  const totals: Totals = await Bun.file(`${path}.json`).json();
  return { ...folder, totals };
}

/** Under another name until it is whole, so that an interrupted one is never used. */
async function build(path: string, name: string, shape: JobsShape): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  removeLeftovers();
  const partial = `${path}.partial-${process.pid}`;
  const totals = await buildJobs(partial, name, shape);
  await Bun.write(`${path}.json`, JSON.stringify(totals));
  rmSync(`${partial}-lock`, { force: true });
  renameSync(partial, path);
}

/** What older versions, and builds that were interrupted, have left a day ago. */
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
