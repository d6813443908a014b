import type { SQL } from 'bun';
import type { Change, Changes } from '../../../domain/changes.ts';
import { changeCollector } from '../../../domain/changes.ts';
import { queriesOf, type Writing } from '../sql/queries.ts';

/** One channel for each schema; the name of a channel has at most 63 bytes. */
const CHANNEL = `'hpc_observe_' || md5(current_schema())`;
/** PostgreSQL takes payloads below 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7900;
/** A message is at most this late, and the writer sends so many a second at most. */
const GATHER_MS = 200;

/** What services tell each other. */
export interface Message {
  readonly change?: Change;
  /** Whether tokens or sessions have changed. */
  readonly access?: boolean;
}

const ACCESS = JSON.stringify({ access: true });

/** Tells other services, once the transaction is committed, that tokens or sessions have changed. */
export const tellAccess = (db: Writing): void => db.send(`SELECT pg_notify(${CHANNEL}, $1)`, [ACCESS]);

type Kind = 'jobs' | 'measured' | 'measuredRuns';
const KINDS: readonly Kind[] = ['jobs', 'measured', 'measuredRuns'];

/** Writes changes as payloads, each small enough for PostgreSQL. */
export function writeChanges(changes: Pick<Changes, Kind | 'nodes'>): string[] {
  const payloads: string[] = [];
  for (const kind of KINDS) {
    let names: string[] = [];
    let bytes = 0;
    const end = () => {
      if (names.length > 0) payloads.push(JSON.stringify({ change: { [kind]: names } }));
      names = [];
      bytes = 0;
    };
    for (const name of changes[kind]) {
      // The name as JSON, a comma, and room for the rest of the payload.
      const length = Buffer.byteLength(JSON.stringify(name)) + 1;
      if (bytes + length > MAX_PAYLOAD_BYTES - 50) end();
      names.push(name);
      bytes += length;
    }
    end();
  }
  if (changes.nodes) payloads.push(JSON.stringify({ change: { nodes: true } }));
  return payloads;
}

/** Reads a payload; undefined for what another release may send. */
export function readMessage(payload: string): Message | undefined {
  try {
    const { change = {}, access } = JSON.parse(payload) as {
      change?: Record<string, unknown>;
      access?: unknown;
    };
    const names = (kind: Kind) => {
      const list = change[kind];
      return Array.isArray(list) ? { [kind]: list.filter((name) => typeof name === 'string') } : {};
    };
    return {
      change: {
        ...names('jobs'),
        ...names('measured'),
        ...names('measuredRuns'),
        nodes: change.nodes === true,
      },
      access: access === true,
    };
  } catch {
    return undefined;
  }
}

/**
 * Tells other services what this one has changed, and hears what they have. A message may be lost with a
 * connection; `onListening` is called whenever hearing begins, also after such a loss.
 */
export function serviceChannel(client: SQL) {
  const db = queriesOf(client);
  const changes = changeCollector();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let subscription: SQL.ListenSubscription | undefined;
  let isClosed = false;

  async function send(): Promise<void> {
    timer = undefined;
    const payloads = writeChanges(changes.take());
    await db.all(`SELECT pg_notify(${CHANNEL}, payload) FROM unnest($1::text[]) AS payload`, [payloads]);
  }

  return {
    tell(change: Change): void {
      changes.add(change);
      // Pages read anew from time to time, too: what is lost here is late.
      if (!isClosed && !changes.isEmpty()) timer ??= setTimeout(() => send().catch(() => {}), GATHER_MS);
    },

    /** Begins to hear. Rejects if that fails; later the client connects again by itself. */
    async listen(onMessage: (message: Message) => void, onListening: () => void): Promise<void> {
      const { channel } = (await db.get<{ channel: string }>(`SELECT ${CHANNEL} AS channel`))!;
      subscription = await client.listen(
        channel,
        (payload) => {
          const message = readMessage(payload);
          if (message) onMessage(message);
        },
        onListening,
      );
    },

    async close(): Promise<void> {
      isClosed = true;
      clearTimeout(timer);
      await subscription?.unlisten().catch(() => {});
    },
  };
}

export type ServiceChannel = ReturnType<typeof serviceChannel>;
