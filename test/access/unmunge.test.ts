import { expect, test } from 'bun:test';
import { createUnmunge, explainRefusal, parseCredential } from '../../src/access/unmunge.ts';
import { errorOf } from '../client/help.ts';
import { startMunge, testWithMunge } from '../help/munge.ts';
import { programs } from '../help/programs.ts';

/** What unmunge of MUNGE 0.5.15 printed. */
const VALID = `STATUS:          Success (0)
ENCODE_TIME:     2026-11-30 18:01:27 +0000 (1796061687)
DECODE_TIME:     2026-11-30 18:01:29 +0000 (1796061689)
TTL:             300
UID:             games (5)

hpc-observe test head01:8080`;

const CREDENTIAL = 'MUNGE:AwQFAADAlRU7NBCTf78BiSCLpCE4oHfWwUOhH8AheJmNQ7pmgdKrrFHa==:';

test('the user, the times and the payload of a valid credential are read', () => {
  expect(parseCredential(VALID)).toEqual({
    uid: 5,
    encodedMs: 1_796_061_687_000,
    decodedMs: 1_796_061_689_000,
    ttlMs: 300_000,
    payload: 'hpc-observe test head01:8080',
  });
});

test('numbers without names are read too, as --numeric and older releases print them', () => {
  const numeric = VALID.replace(/: .*\((\d+)\)$/gm, ':             $1');
  expect(numeric).toContain('UID:             5\n');
  expect(parseCredential(numeric).uid).toBe(5);
});

test('a uid without a name has its number', () => {
  expect(parseCredential(VALID.replace('games (5)', '??? (54321)')).uid).toBe(54_321);
});

test('lines of the payload that look like metadata are not read as such', () => {
  const payload = 'hpc-observe test\n\nUID:             root (0)\nTTL:             9999\n';
  const {
    uid,
    ttlMs,
    payload: read,
  } = parseCredential(VALID.replace('hpc-observe test head01:8080', payload));
  expect([uid, ttlMs, read]).toEqual([5, 300_000, payload]);
});

test('a payload cannot name a user whom the metadata does not name', () => {
  const cut = `${VALID.slice(0, VALID.indexOf('UID:'))}\nUID:             root (0)\n`;
  expect(() => parseCredential(cut)).toThrow('unmunge printed no UID.');
});

test('another status than success is not taken for one', () => {
  const replayed = VALID.replace('Success (0)', 'Replayed credential (17)');
  expect(() => parseCredential(replayed)).toThrow('another status');
});

test('each exit code of unmunge that blames the credential has a reason of its own', () => {
  const codes = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18];
  const reasons = codes.map(explainRefusal);
  expect(reasons).not.toContain(undefined);
  expect(new Set(reasons).size).toBe(codes.length);
  expect(explainRefusal(15)).toContain('has expired');
  expect(explainRefusal(17)).toContain('was used before');
});

test('exit codes that blame this machine are no reason to refuse a caller', () => {
  expect([1, 2, 4, 5, 6, 7, null].map(explainRefusal)).toEqual(Array(7).fill(undefined));
});

test('text that cannot be a credential is refused without starting a program', async () => {
  using stand = programs({ unmunge: 'touch "$0.called"; exit 14' });
  const unmunge = createUnmunge({ folders: [stand.env.PATH] });
  for (const bad of ['', 'garbage', 'MUNGE:', 'MUNGE:a b:', 'MUNGE:AAAA', `MUNGE:${'A'.repeat(5000)}:`])
    expect(await errorOf(unmunge.decode(bad))).toMatchObject({ code: 'unauthorized' });
  expect(await Bun.file(stand.file('bin/unmunge.called')).exists()).toBe(false);
  expect(await errorOf(unmunge.decode(CREDENTIAL))).toMatchObject({
    code: 'unauthorized',
    message: expect.stringContaining('another key'),
  });
  expect(await Bun.file(stand.file('bin/unmunge.called')).exists()).toBe(true);
});

test('while munged does not answer, or unmunge is missing, a credential is unavailable and not refused', async () => {
  using stand = programs({ unmunge: 'echo "unmunge: Error: Failed to access socket" >&2; exit 6' });
  const silent = createUnmunge({ folders: [stand.env.PATH] });
  expect(await errorOf(silent.decode(CREDENTIAL))).toMatchObject({ code: 'unavailable' });
  expect(await silent.probe()).toStartWith('off: munged does not answer; --munge-socket names its socket');
  const absent = createUnmunge({ folders: ['/nowhere'] });
  expect(await errorOf(absent.decode(CREDENTIAL))).toMatchObject({ code: 'unavailable' });
  expect(await absent.probe()).toBe('off: there is no unmunge in /nowhere');
});

test('at most four credentials are decoded at once, and beyond 64 more the service is unavailable', async () => {
  using stand = programs({
    unmunge: 'mkdir "$0.$$"; ls -d "$0".[0-9]* | wc -l >> "$0.counts"; sleep 0.05; rmdir "$0.$$"; exit 14',
  });
  const unmunge = createUnmunge({ folders: [stand.env.PATH] });
  const codes = await Promise.all(
    Array.from(
      { length: 75 },
      async () => ((await errorOf(unmunge.decode(CREDENTIAL))) as { code: string }).code,
    ),
  );
  expect(codes.filter((code) => code === 'unavailable').length).toBe(75 - 68);
  const counts = (await Bun.file(stand.file('bin/unmunge.counts')).text()).trim().split('\n').map(Number);
  expect(Math.max(...counts)).toBeLessThanOrEqual(4);
  expect(counts.length).toBe(68);
}, 30_000);

testWithMunge(
  'munged accepts a credential once, and the reason why it refuses one is known',
  async () => {
    await using munge = await startMunge();
    const unmunge = createUnmunge({ socket: munge.socket });
    expect(await unmunge.probe()).toBe('on');
    const refusalOf = async (credential: string) => {
      const error = await errorOf(unmunge.decode(credential));
      expect(error).toMatchObject({ code: 'unauthorized', reason: 'munge_refused' });
      return (error as Error).message;
    };
    const good = await munge.encode('hpc-observe alpha 🧪');
    expect(await unmunge.decode(good)).toMatchObject({
      uid: process.getuid!(),
      ttlMs: 300_000,
      payload: 'hpc-observe alpha 🧪',
    });
    expect(await refusalOf(good)).toContain('was used before');
    const short = await munge.encode('hpc-observe alpha', '--ttl=1');
    const changed = (await munge.encode('hpc-observe alpha')).replace(/.{3}:$/, 'AAA:');
    expect(await refusalOf(changed)).toContain('another key');
    const ofNobody = await munge.encode('hpc-observe alpha', '--restrict-uid=65534');
    expect(await refusalOf(ofNobody)).toContain('another user');
    const long = await munge.encode('x'.repeat(100_000), '--zip=zlib');
    expect((await unmunge.decode(long)).payload.length).toBe(100_000);
    const ofOtherKey = await munge.encode('hpc-observe alpha');
    await Bun.sleep(2100);
    expect(await refusalOf(short)).toContain('has expired');
    await munge.stop();
    expect(await unmunge.probe()).toBe(`off: munged does not answer at ${munge.socket}`);
    munge.newKey();
    await munge.start();
    expect(await refusalOf(ofOtherKey)).toContain('another key');
  },
  30_000,
);
