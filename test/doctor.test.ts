import { expect, test } from 'bun:test';
import { judgeCertificate } from '../src/doctor/certificate.ts';
import { judgeClock } from '../src/doctor/clock.ts';
import { type DiskState, judgeDisk } from '../src/doctor/disk.ts';
import { judgeFreshness, type KnownAges } from '../src/doctor/freshness.ts';
import { judgePostgres } from '../src/doctor/postgres.ts';
import { NOON_MS } from './help/clock.ts';

const DAY_MS = 86_400_000;
const DISK: DiskState = {
  ...{ folder: '/var/lib/hpc-observe', databaseBytes: 2e9, freeBytes: 50e9, fileSystem: 0xef53, flushMs: 2 },
};

test.each<[name: string, state: Partial<DiskState>, statuses: string, what: RegExp]>([
  ['a good disk', {}, 'ok ok ok', /46\.6 GB left/],
  ['one with room for days', { freeBytes: 5e8 }, 'wrong ok ok', /soon nothing can be stored/],
  ['one without room for an upgrade', { freeBytes: 2.5e9 }, 'missing ok ok', /too little for the copy/],
  ['NFS', { fileSystem: 0x6969 }, 'ok wrong ok', /is on NFS/],
  ['a slow one', { flushMs: 80 }, 'ok ok wrong', /takes 80\.0 ms/],
  ['one of others', { flushMs: undefined }, 'ok ok missing', /was not measured/],
])('%s', (_, state, statuses, what) => {
  const checkups = judgeDisk({ ...DISK, ...state });
  expect(checkups.map(({ status }) => status).join(' ')).toBe(statuses);
  const odd = checkups.find(({ status }) => status !== 'ok') ?? checkups[0]!;
  expect(odd.what).toMatch(what);
  expect(odd.advice === undefined).toBe(odd.status === 'ok');
});

test.each([
  ['NTP=yes\nNTPSynchronized=yes\n', 'ok'],
  ['NTP=yes\nNTPSynchronized=no\n', 'wrong'],
  ['', 'missing'],
  [undefined, 'missing'],
])('a clock is judged by timedatectl: %j is %s', (shown, status) => {
  expect(judgeClock(shown).status).toBe(status as 'ok');
});

test.each([
  [-1, 'wrong', 'has expired'],
  [3 * DAY_MS, 'wrong', 'expires in 3 days'],
  [40 * DAY_MS, 'ok', 'valid for 40 more days'],
])('a certificate that expires in %d ms is %s', (leftMs, status, what) => {
  const checkup = judgeCertificate('/etc/cert.pem', NOON_MS + leftMs, NOON_MS);
  expect(checkup).toMatchObject({ status, what: expect.stringContaining(what) });
});

const NO_AGENTS = { live: 0, stale: 0, silent: 0, missing: 0 };
const LAST = { last_success: '2026-01-20T12:00:00.000Z' };
test.each<[ages: KnownAges, statuses: string, last: RegExp]>([
  [{ agents: NO_AGENTS }, 'ok', /needs to report/],
  [{ agents: { ...NO_AGENTS, live: 4 } }, 'ok', /agents of 4 report/],
  [{ agents: { ...NO_AGENTS, missing: 4 } }, 'missing', /nothing is measured/],
  [{ agents: { live: 1, stale: 1, silent: 2, missing: 3 } }, 'wrong', /1 are late, 2 are silent .*, 3 never/],
  [{ squeue: { ...LAST, stale: false }, sacct: { stale: true }, agents: NO_AGENTS }, 'ok wrong ok', /needs/],
])('%j is %s', (ages, statuses, last) => {
  const checkups = judgeFreshness(ages);
  expect(checkups.map(({ status }) => status).join(' ')).toBe(statuses);
  expect(checkups.at(-1)!.what).toMatch(last);
});

test('a PostgreSQL database is judged by its version, rights, durability, distance and clock', () => {
  const sound = {
    version: 3,
    newest: 3,
    server: '15.2',
    unsafe: [],
    lacking: [],
    aheadMs: -40,
    answerMs: 0.4,
  };
  const judge = (state: Partial<typeof sound> | { unsafe: string[] } | { lacking: string[] }) =>
    judgePostgres('postgres://db/x', { ...sound, ...state }).filter(({ status }) => status !== 'ok');
  expect(judge({})).toEqual([]);
  expect(judge({ version: 0 })[0]).toMatchObject({
    status: 'missing',
    what: expect.stringContaining('no tables'),
  });
  expect(judge({ version: 4 })[0]?.what).toContain('newer hpc-observe');
  expect(judge({ lacking: ['DELETE on job'] })[0]).toMatchObject({
    ...{ status: 'wrong', what: 'Its role lacks DELETE on job.', advice: expect.stringContaining('GRANT') },
  });
  expect(judge({ unsafe: ['fsync'] })[0]?.what).toContain('fsync off');
  expect(judge({ answerMs: 80 })[0]?.what).toContain('takes 80 ms');
  expect(judge({ aheadMs: 3000 })[0]?.what).toBe('Its clock is 3.0 s ahead of the one here.');
  expect(judge({ aheadMs: -2500 })[0]?.what).toBe('Its clock is 2.5 s behind the one here.');
  // A slow answer says little about the clock.
  expect(judge({ aheadMs: 2500, answerMs: 1000 })).toHaveLength(1);
});
