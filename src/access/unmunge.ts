import { AppError, OperatorError, refuseCredential } from '../domain/errors.ts';
import { createGate } from '../domain/gate.ts';
import { MUNGE_FOLDERS } from '../domain/munge.ts';
import { ProgramFailed, readProgram } from '../program.ts';

/** Who made a credential, when, and for what. */
export interface Credential {
  readonly uid: number;
  readonly encodedMs: number;
  readonly decodedMs: number;
  readonly ttlMs: number;
  readonly payload: string;
}

/** Not the host, whose name unmunge would ask the DNS for. */
const KEYS = 'STATUS,UID,ENCODE_TIME,DECODE_TIME,TTL';
/** unmunge takes 6 ms; munged that does not answer should not hold a request longer than this. */
const TIMEOUT_MS = 5000;
/** MUNGE allows a payload of 1 MiB, also compressed into a short credential. */
const MAX_OUTPUT_CHARACTERS = 2 * 1024 * 1024;
/** A credential of ours has about 220 characters. */
const MAX_CREDENTIAL_CHARACTERS = 4096;
const ARMOR = /^MUNGE:[A-Za-z0-9+/]+={0,2}:$/;
/** No munged made it: it says that it works by refusing it. */
const PROBE = 'MUNGE:AAAA:';
const NO_SOCKET = 6;

export const TOO_MANY_CREDENTIALS =
  'Too many MUNGE credentials are waiting. Exchange one for a session, or try again in a second.';

/**
 * Why a credential is refused, by the exit code of unmunge (munge_err_t in munge.h); all others are faults of
 * this machine.
 */
const REFUSALS: Readonly<Record<number, string>> = {
  3: 'is too long',
  8: 'is damaged',
  9: 'is damaged, or comes from another version of MUNGE',
  10: 'is encrypted in a way that this machine does not know',
  11: 'is signed in a way that this machine does not know',
  12: 'is compressed in a way that this machine does not know',
  13: 'comes from a realm that this machine does not know',
  14: 'was made with another key; both machines need the same /etc/munge/munge.key',
  15: 'has expired; make a new one for each request, and compare the clocks of both machines',
  16: 'comes from the future; compare the clocks of both machines',
  17: 'was used before; make a new one for each request',
  18: 'may only be decoded by another user; make it without --restrict-uid and --restrict-gid',
};

/** Returns the sentence for a client whose credential unmunge refused; undefined if it is not at fault. */
export function explainRefusal(exitCode: number | null): string | undefined {
  const reason = exitCode === null ? undefined : REFUSALS[exitCode];
  return reason && `The MUNGE credential ${reason}.`;
}

/**
 * Parses what unmunge prints of a valid credential: lines of metadata, with numbers in parentheses, a blank
 * line, and the payload. Throws a plain Error if a key is missing.
 */
export function parseCredential(output: string): Credential {
  const end = output.indexOf('\n\n');
  const metadata = end < 0 ? output : output.slice(0, end);
  // The payload comes from the sender and may have lines like those above it.
  const read = (key: string) => {
    const [, bare, inParentheses] =
      new RegExp(`^${key}: +(?:(\\d+)|.*\\((\\d+)\\))$`, 'm').exec(metadata) ?? [];
    const number = Number(bare ?? inParentheses);
    if (!Number.isSafeInteger(number)) throw new Error(`unmunge printed no ${key}.`);
    return number;
  };
  if (read('STATUS') !== 0) throw new Error('unmunge printed another status than success.');
  return {
    uid: read('UID'),
    encodedMs: read('ENCODE_TIME') * 1000,
    decodedMs: read('DECODE_TIME') * 1000,
    ttlMs: read('TTL') * 1000,
    payload: end < 0 ? '' : output.slice(end + 2),
  };
}

export interface Unmunge {
  /**
   * Decodes a credential, once: munged of this machine remembers it until it expires. Rejects with
   * `unauthorized` and the reason if it is not valid, and with `unavailable` if munged does not answer or too
   * many wait.
   */
  decode(credential: string): Promise<Credential>;
  /** Resolves to `on`, or to `off: ` and the reason, by asking munged. */
  probe(): Promise<string>;
}

interface UnmungeOptions {
  /** The socket of munged; by default the one that unmunge was built for. */
  readonly socket?: string | undefined;
  readonly folders?: readonly string[];
}

/** Decodes credentials with the program unmunge: at most four at once, while others wait. */
export function createUnmunge({ socket, folders = MUNGE_FOLDERS }: UnmungeOptions = {}): Unmunge {
  const gate = createGate({
    places: 4,
    waiting: 64,
    message: TOO_MANY_CREDENTIALS,
  });

  async function run(credential: string): Promise<string> {
    const file = findUnmunge(folders);
    if (file === undefined) throw new OperatorError(missing(folders));
    const command = [file, ...(socket === undefined ? [] : ['--socket', socket]), '--keys', KEYS] as const;
    return readProgram(command, {
      env: { LC_ALL: 'C', TZ: 'UTC' },
      timeoutMs: TIMEOUT_MS,
      input: credential,
      maxCharacters: MAX_OUTPUT_CHARACTERS,
    });
  }

  return {
    async decode(credential) {
      if (credential.length > MAX_CREDENTIAL_CHARACTERS) throw refuse(explainRefusal(3)!);
      // What cannot be a credential starts no program.
      if (!ARMOR.test(credential)) throw refuse(explainRefusal(8)!);
      const leave = await gate.enter();
      try {
        return parseCredential(await run(credential));
      } catch (cause) {
        const refusal = cause instanceof ProgramFailed ? explainRefusal(cause.exitCode) : undefined;
        throw refusal === undefined ? notDecoded(cause) : refuse(refusal);
      } finally {
        leave();
      }
    },

    async probe() {
      if (findUnmunge(folders) === undefined) return `off: ${missing(folders)}`;
      try {
        await run(PROBE);
      } catch (error) {
        if (!(error instanceof ProgramFailed)) return `off: ${(error as Error).message}`;
        if (error.exitCode === NO_SOCKET) return `off: ${notAnswering(socket)}`;
        if (explainRefusal(error.exitCode) === undefined) return `off: ${error.message}`;
      }
      return 'on';
    },
  };
}

const notAnswering = (socket: string | undefined): string =>
  socket === undefined
    ? 'munged does not answer; --munge-socket names its socket if that is not the usual one'
    : `munged does not answer at ${socket}`;

const refuse = (sentence: string) => refuseCredential('munge_refused', sentence);

const missing = (folders: readonly string[]) => `there is no unmunge in ${folders.join(', ')}`;

const notDecoded = (cause: unknown) =>
  new AppError(
    'unavailable',
    'The service cannot decode MUNGE credentials at the moment; its log has the reason.',
    { cause },
  );

const findUnmunge = (folders: readonly string[]): string | undefined =>
  Bun.which('unmunge', { PATH: folders.join(':') }) ?? undefined;
