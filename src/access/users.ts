import { OperatorError } from '../domain/errors.ts';
import { createGate } from '../domain/gate.ts';
import { ProgramFailed, readProgram } from '../program.ts';

/** Names and groups change seldom, and nscd and SSSD remember them for minutes too. */
const KEEP_MS = 5 * 60_000;
const KEEP_FAILURE_MS = 10_000;
const MAX_ANSWERS = 5000;
/** A directory service that does not answer must not hold requests. */
const TIMEOUT_MS = 2000;
/** Programs at a time, and those that may wait for their turn. */
const PROGRAMS = 4;
const WAITING_PROGRAMS = 200;
const MAX_CHARACTERS = 256 * 1024;

export interface Users {
  /** The name of the user that this process runs as. */
  readonly own: string;
  /**
   * Returns the name of a user, `uid-1234` if there is none; undefined if it cannot be found at present. From
   * memory where it was asked for lately.
   */
  nameOf(uid: number): string | undefined | Promise<string | undefined>;
  /** Returns the names of a user's groups; none if they cannot be found at present. */
  groupsOf(name: string): readonly string[] | Promise<readonly string[]>;
}

interface UserOptions {
  /** Milliseconds; need not be the time of day. */
  readonly now: () => number;
  /** Returns the output of a program; rejects if it fails or takes too long. */
  readonly run?: (program: string, args: readonly string[]) => Promise<string>;
  readonly ownUid?: number;
}

/** Looks users up as every program of the machine does (/etc/passwd, LDAP, SSSD), with getent and id. */
export async function createUsers({
  now,
  run = runProgramOf,
  ownUid = process.getuid!(),
}: UserOptions): Promise<Users> {
  const gate = createGate({
    places: PROGRAMS,
    waiting: WAITING_PROGRAMS,
    message: 'Too many users at once.',
  });

  async function runInTurn(program: string, args: readonly string[]): Promise<string> {
    const leave = await gate.enter(AbortSignal.timeout(TIMEOUT_MS));
    try {
      return await run(program, args);
    } finally {
      leave();
    }
  }

  const names = remember<number, string | undefined>(now, async (uid) =>
    parseName(await runInTurn('getent', ['passwd', String(uid)]).catch(forUnknownUser), uid),
  );
  const groups = remember<string, readonly string[]>(now, async (name) =>
    parseGroups(await runInTurn('id', ['-Gnz', '--', name])),
  );

  // Once, so that they are known while the directory service is down. os.userInfo() believes $USER.
  const own = ownUid === 0 ? 'root' : ((await names(ownUid)) ?? nameless(ownUid));

  return {
    own,
    nameOf(uid) {
      if (uid === 0) return 'root';
      return uid === ownUid ? own : names(uid);
    },
    groupsOf(name) {
      const found = groups(name);
      return found instanceof Promise ? found.then((ready) => ready ?? []) : (found ?? []);
    },
  };
}

const nameless = (uid: number): string => `uid-${uid}`;

/** Reads the line that `getent passwd UID` prints; empty for a user without a name. */
export function parseName(output: string, uid: number): string | undefined {
  if (output === '') return nameless(uid);
  const [name, , found] = output.split('\n', 1)[0]!.split(':');
  return name && found === String(uid) ? name : undefined;
}

/** Reads what `id -Gnz` prints: names of groups may contain blanks, so each ends with a zero byte. */
export const parseGroups = (output: string): string[] => output.split('\0').filter((name) => name !== '');

/** With this code getent says that there is no such user: getent(1). */
const NOT_FOUND = 2;

function forUnknownUser(error: unknown): string {
  if (error instanceof ProgramFailed && error.exitCode === NOT_FOUND) return '';
  throw error;
}

/**
 * Remembers the answers of `find`, failures (undefined) for a shorter time. Those who ask for the same at the
 * same time wait for one answer.
 */
function remember<Key, Value>(now: () => number, find: (key: Key) => Promise<Value>) {
  const answers = new Map<Key, { value: Value | undefined; untilMs: number }>();
  const pending = new Map<Key, Promise<Value | undefined>>();

  async function ask(key: Key): Promise<Value | undefined> {
    const value = await find(key).catch(() => undefined);
    pending.delete(key);
    answers.delete(key);
    const [oldest] = answers.keys();
    if (oldest !== undefined && answers.size >= MAX_ANSWERS) answers.delete(oldest);
    answers.set(key, { value, untilMs: now() + (value === undefined ? KEEP_FAILURE_MS : KEEP_MS) });
    return value;
  }

  return (key: Key): Value | undefined | Promise<Value | undefined> => {
    const known = answers.get(key);
    if (known && known.untilMs > now()) return known.value;
    const asked = pending.get(key) ?? ask(key);
    pending.set(key, asked);
    return asked;
  };
}

/** Runs a program of the system, without the service's environment. */
const runProgramOf = (program: string, args: readonly string[]): Promise<string> => {
  const file = Bun.which(program, { PATH: '/usr/bin:/bin:/usr/local/bin' });
  if (file === null) return Promise.reject(new OperatorError(`There is no ${program}.`));
  return readProgram([file, ...args], {
    env: { LC_ALL: 'C' },
    timeoutMs: TIMEOUT_MS,
    maxCharacters: MAX_CHARACTERS,
  });
};
