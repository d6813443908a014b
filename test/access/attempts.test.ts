import { expect, test } from 'bun:test';
import { countAttempts, sourceOf } from '../../src/access/attempts.ts';
import type { Peer } from '../../src/access/way.ts';
import { refuseCredential, TooManyRequests } from '../../src/domain/errors.ts';
import { MINUTE_MS } from '../help/builders.ts';
import { fixedClock } from '../help/clock.ts';

const UNKNOWN = refuseCredential('token_unknown', 'There is no such token.');
const EXPIRED = refuseCredential('token_expired', 'The token has expired.');

function start() {
  const clock = fixedClock();
  const lines: Record<string, unknown>[] = [];
  const observed: string[] = [];
  const timers: { atMs: number; run: () => void }[] = [];
  const attempts = countAttempts({
    now: clock.now,
    warn: (event, fields) => void lines.push({ event, ...fields }),
    observe: (reason) => void observed.push(reason),
    later: (ms, run) => void timers.push({ atMs: clock.now() + ms, run }),
  });
  return {
    ...attempts,
    clock,
    lines,
    observed,
    refuseOften: (count: number, source: string) =>
      Array.from({ length: count }, () => attempts.refuse(UNKNOWN, source)),
    /** Moves the clock, and runs what was to be run until then. */
    pass(ms: number): void {
      clock.advance(ms);
      for (const timer of timers.splice(0)) {
        if (timer.atMs <= clock.now()) timer.run();
        else timers.push(timer);
      }
    },
  };
}

test('20 refusals of a source in a minute are answered with their reason, the next with the time to wait', () => {
  const { refuseOften, refuse, clock } = start();
  expect(refuseOften(20, 'a')).toEqual(Array(20).fill(UNKNOWN));
  clock.advance(15_000);
  const answer = refuse(UNKNOWN, 'a');
  expect(answer).toBeInstanceOf(TooManyRequests);
  expect(answer).toMatchObject({ code: 'too_many_requests', retryAfterSeconds: 45 });
  expect(answer.message).toContain('in 45 s');
  clock.advance(45_000 - 1);
  expect(refuse(UNKNOWN, 'a')).toMatchObject({ retryAfterSeconds: 1 });
  clock.advance(1);
  expect(refuse(UNKNOWN, 'a')).toBe(UNKNOWN);
});

test('sources are counted apart', () => {
  const { refuseOften, refuse } = start();
  refuseOften(30, 'a');
  expect(refuse(EXPIRED, 'b')).toBe(EXPIRED);
});

test('every refusal is counted by its reason, also those that are answered 429', () => {
  const { refuseOften, refuse, observed } = start();
  refuseOften(25, 'a');
  refuse(EXPIRED, 'b');
  expect(observed).toEqual([...Array(25).fill('token_unknown'), 'token_expired']);
});

test('the log has the first refusal at once, and those of each minute after it in one line by source', () => {
  const { refuse, refuseOften, lines, pass } = start();
  refuse(UNKNOWN, '10.0.0.5');
  expect(lines).toEqual([{ event: 'credentials_refused', count: 1, from: '10.0.0.5: 1 (token_unknown)' }]);
  refuseOften(2, 'uid 1000');
  refuseOften(28, '10.0.0.5');
  refuse(EXPIRED, '10.0.0.5');
  pass(MINUTE_MS - 1);
  expect(lines).toHaveLength(1);
  pass(1);
  expect(lines.slice(1)).toEqual([
    {
      event: 'credentials_refused',
      count: 31,
      from: '10.0.0.5: 29 (token_unknown, token_expired); uid 1000: 2 (token_unknown)',
    },
  ]);
  pass(MINUTE_MS);
  expect(lines).toHaveLength(2);
  refuse(UNKNOWN, 'uid 1000');
  expect(lines).toHaveLength(3);
});

test('refusals from 50,000 sources are held within bounds, and a line names 20 of them', () => {
  const { refuse, lines, pass } = start();
  for (let number = 0; number < 50_000; number++) refuse(UNKNOWN, `10.1.${number >> 8}.${number & 255}`);
  pass(MINUTE_MS);
  const [, line] = lines as { count: number; from: string }[];
  expect(line!.count).toBe(49_999);
  expect(line!.from.split('; ')).toHaveLength(21);
  expect(line!.from).toStartWith('others: 49979');
  // The sources that were seen last are remembered: the newest has one refusal already.
  const last = `10.1.${49_999 >> 8}.${49_999 & 255}`;
  pass(-MINUTE_MS);
  const answers = Array.from({ length: 20 }, () => refuse(UNKNOWN, last));
  expect(answers.at(-1)).toBeInstanceOf(TooManyRequests);
  // The oldest were dropped.
  const first = Array.from({ length: 20 }, () => refuse(UNKNOWN, '10.1.0.1'));
  expect(first.at(-1)).toBe(UNKNOWN);
});

const tcp = (address: string): Peer => ({
  kind: 'tcp',
  address,
  port: 5,
  listener: { address: '0.0.0.0', port: 8080 },
  isConnected: () => true,
});

test.each([
  [tcp('10.0.0.5'), undefined, '10.0.0.5'],
  [tcp('127.0.0.1'), 1000, 'uid 1000'],
  [tcp('127.0.0.1'), undefined, '127.0.0.1'],
  [tcp('::1'), undefined, '::1'],
  [tcp('::1'), 0, 'uid 0'],
  [tcp('2001:db8:1:2:3:4:5:6'), undefined, '2001:db8:1:2::/64'],
  [tcp('2001:db8:1:2::7'), undefined, '2001:db8:1:2::/64'],
  [tcp('::ffff:10.0.0.5'), undefined, '10.0.0.5'],
  [{ kind: 'unix', path: '/run/a.sock' } as const, undefined, 'unix:/run/a.sock'],
  [undefined, undefined, 'unknown'],
])('the source of %j, whose owner is %p, is %s', async (peer, owner, source) => {
  expect(await sourceOf(peer, () => owner)).toBe(source);
});
