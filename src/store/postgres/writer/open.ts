import type { Change } from '../../../domain/changes.ts';
import { withoutPassword } from '../../../domain/database-address.ts';
import type { Duty } from '../../../domain/duty.ts';
import { OperatorError } from '../../../domain/errors.ts';
import { DEFAULT_THRESHOLDS } from '../../../domain/finding/thresholds.ts';
import type { ChangeStore } from '../../../domain/store/changes.ts';
import type { DutyStore } from '../../../domain/store/duty.ts';
import type { StoreOptions } from '../../../domain/store/options.ts';
import { judgeAnew } from '../findings/kept.ts';
import { openClient } from '../server/connect.ts';
import { explainOpenError } from '../server/errors.ts';
import { isMigrated, migrate } from '../server/migrate.ts';
import { type Queries, queriesOf } from '../sql/queries.ts';
import { serviceChannel } from './channel.ts';
import { WriterConnection } from './connection.ts';
import { Lease } from './lease.ts';
import { Writer } from './queue.ts';

/** For questions and messages beside the connection that writes, and what is heard of other services. */
const SIDE_CONNECTIONS = 1;
/** A new service waits so many seconds for the one that writes to migrate the database. */
const MIGRATED_TRIES = 10;

/** The writer of a database, and what this service knows of others that share it. */
export interface OpenedWriter extends Pick<ChangeStore, 'watchChanges'> {
  readonly writer: Writer;
  readonly duties: DutyStore;
  close(): Promise<void>;
}

/**
 * Takes the lock of a database and migrates it to the newest version. With `standsBy`, and if another service
 * has the lock, waits for it in the background instead. Rejects with OperatorError if the server or the
 * database does not allow it.
 */
export async function openWriter(address: string, options: StoreOptions): Promise<OpenedWriter> {
  const {
    onCommit = () => {},
    onNotice = () => {},
    onDeath = () => {},
    thresholds,
    standsBy = false,
  } = options;
  const name = withoutPassword(address);
  const connection = new WriterConnection(address, name);
  const { db } = connection;
  const side = openClient(address, SIDE_CONNECTIONS);
  const channel = serviceChannel(side);
  const dutyWatchers = new Set<(duty: Duty) => void>();
  const accessWatchers = new Set<() => void>();
  const changeWatchers = new Set<(change: Change) => void>();
  const tellAccess = () => {
    for (const tell of accessWatchers) tell();
  };
  const lease = new Lease({
    connection,
    name,
    side: queriesOf(side),
    async migrate() {
      const migrated = await migrate(connection.current, name);
      if (migrated) onNotice({ level: 'info', event: 'database_migrated', message: migrated });
    },
    async load() {
      await judgeAnew(db, thresholds ?? DEFAULT_THRESHOLDS);
      await writer.load();
    },
    onChange(isHeld) {
      for (const tell of dutyWatchers) tell(isHeld ? 'writer' : 'reader');
      // The last messages of the writer before may be lost.
      if (isHeld) tellAccess();
    },
    onNotice,
  });
  const writer = new Writer({
    db,
    lease,
    standsBy,
    onCommit,
    onDeath,
    thresholds,
    isWatched: () => changeWatchers.size > 0 || lease.isWatched,
    onChange(change) {
      for (const tell of changeWatchers) tell(change);
      if (lease.isWatched) channel.tell(change);
    },
  });

  async function close(): Promise<void> {
    await writer.close();
    await channel.close();
    await side.close({ timeout: 1 });
  }

  try {
    if (!standsBy) await lease.require();
    else {
      await beginReading(lease, db, name);
      await channel.listen(({ change, access }) => {
        // What this service has written, it has told itself.
        if (lease.isHeld) return;
        if (access) tellAccess();
        if (change) for (const tell of changeWatchers) tell(change);
      }, tellAccess);
    }
  } catch (error) {
    await close();
    throw explainOpenError(name, error) ?? error;
  }
  writer.keepLease();

  return {
    writer,
    watchChanges: (tell) => watch(changeWatchers, tell),
    duties: {
      isShared: true,
      duty: () => (lease.isHeld ? 'writer' : 'reader'),
      writerUrl: () => lease.writerUrl,
      watchDuty: (tell) => watch(dutyWatchers, tell),
      announce: (url) => writer.announce(url),
      watchAccess: (tell) => watch(accessWatchers, tell),
    },
    close,
  };
}

/** Takes the lease, or waits until the service that has it has migrated the database. */
async function beginReading(lease: Lease, db: Queries, name: string): Promise<void> {
  for (let attempt = 0; attempt < MIGRATED_TRIES; attempt++) {
    if ((await lease.obtainPatiently()) || (await isMigrated(db, name))) return;
  }
  throw new OperatorError(
    `Another hpc-observe, of an older version, writes to ${name}. Stop it, start this one, which migrates the database, and then the other one with the new version.`,
  );
}

function watch<Watcher>(watchers: Set<Watcher>, watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}
