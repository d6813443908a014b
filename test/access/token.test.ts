import { expect, test } from 'bun:test';
import { createSecret, hashSecret, SESSION_PREFIX, TOKEN_PREFIX } from '../../src/access/secret.ts';
import { tokenRegistry } from '../../src/access/token.ts';
import type { Identity } from '../../src/domain/caller.ts';
import { CredentialRefused } from '../../src/domain/errors.ts';
import type { Token } from '../../src/domain/store/access.ts';
import type { NewToken } from '../../src/domain/token.ts';
import { codeOf, MINUTE_MS } from '../help/builders.ts';
import { fixedClock, NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';
import { openStore } from '../help/store.ts';

const ROOT: Identity = { name: 'root', uid: 0, proof: 'kernel', isLocal: true };
const GRAFANA: NewToken = { name: 'grafana', role: 'viewer' };

async function startTokens() {
  const folder = temporaryFolder();
  const clock = fixedClock();
  const store = await openStore(folder.file('a.db'));
  const load = async () =>
    tokenRegistry({ stored: (await store.loadAccess(clock.now())).tokens, store, now: clock.now });
  return {
    clock,
    store,
    tokens: await load(),
    /** What another start of the service knows. */
    load,
    async [Symbol.asyncDispose]() {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

type Registry = Awaited<ReturnType<typeof startTokens>>['tokens'];

const show = (tokens: Registry, authorization?: string, pathToken?: string) =>
  tokens.way({
    request: new Request('http://localhost/v1/jobs', { headers: authorization ? { authorization } : {} }),
    peer: undefined,
    pathToken,
  });
const bearer = (tokens: Registry, secret: string) => show(tokens, `Bearer ${secret}`);

/** The reason for which a token is refused, and the message. */
function refusalOf(call: () => unknown): [reason: string, message: string] {
  try {
    call();
  } catch (error) {
    if (error instanceof CredentialRefused) return [error.reason, error.message];
    throw error;
  }
  throw new Error('It was not refused.');
}
const reasonOf = (call: () => unknown) => refusalOf(call)[0];

test('a token proves its name and role as soon as it is created, and after a restart', async () => {
  await using place = await startTokens();
  const { tokens, load } = place;
  const { secret, token } = await tokens.create(GRAFANA, ROOT);
  const identity: Identity = { name: 'grafana', proof: 'token', isLocal: false, role: 'viewer' };
  expect(bearer(tokens, secret)).toEqual(identity);
  expect(bearer(await load(), secret)).toEqual(identity);
  expect(token).toEqual({
    ...GRAFANA,
    hash: hashSecret(secret),
    createdMs: NOON_MS,
    createdBy: 'root',
  });
});

test('requests without a token, and with a session, are for other ways', async () => {
  await using place = await startTokens();
  const { tokens } = place;
  expect(show(tokens)).toBeUndefined();
  expect(show(tokens, 'Munge abc')).toBeUndefined();
  expect(show(tokens, `Bearer ${createSecret(SESSION_PREFIX)}`)).toBeUndefined();
});

test('a revoked token is unknown at once, as one that never was, and its name is free again', async () => {
  await using place = await startTokens();
  const { tokens, load } = place;
  const { secret } = await tokens.create(GRAFANA, ROOT);
  await tokens.revoke('grafana', ROOT);
  const never = refusalOf(() => bearer(tokens, createSecret(TOKEN_PREFIX)));
  expect(never[0]).toBe('token_unknown');
  expect(refusalOf(() => bearer(tokens, secret))).toEqual(never);
  const later = await load();
  expect(refusalOf(() => bearer(later, secret))).toEqual(never);
  expect(await codeOf(tokens.revoke('grafana', ROOT))).toBe('not_found');
  const { secret: other } = await tokens.create(GRAFANA, ROOT);
  expect(bearer(tokens, other)).toMatchObject({ name: 'grafana' });
  expect(reasonOf(() => bearer(tokens, secret))).toBe('token_unknown');
});

test('changes that arrive together are in memory as they are in the store', async () => {
  await using place = await startTokens();
  const { tokens, load } = place;
  const outcomes = await Promise.allSettled([
    tokens.create(GRAFANA, ROOT),
    tokens.revoke('grafana', ROOT),
    tokens.create(GRAFANA, ROOT),
    tokens.create(GRAFANA, ROOT),
    tokens.revoke('other', ROOT),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  expect(tokens.list()).toHaveLength(1);
  expect(tokens.list()).toEqual((await load()).list());
  const [revoked, , valid] = outcomes as PromiseFulfilledResult<{ secret: string }>[];
  expect(reasonOf(() => bearer(tokens, revoked!.value.secret))).toBe('token_unknown');
  expect(bearer(tokens, valid!.value.secret)).toMatchObject({ name: 'grafana' });
});

test('a token is refused from its end on, and one that has ended already is not created', async () => {
  await using place = await startTokens();
  const { tokens, clock } = place;
  const { secret } = await tokens.create({ ...GRAFANA, expiresMs: NOON_MS + MINUTE_MS }, ROOT);
  clock.advance(MINUTE_MS - 1);
  expect(bearer(tokens, secret)).toMatchObject({ name: 'grafana' });
  clock.advance(1);
  expect(reasonOf(() => bearer(tokens, secret))).toBe('token_expired');
  expect(await codeOf(tokens.create({ name: 'b', role: 'viewer', expiresMs: clock.now() }, ROOT))).toBe(
    'validation_error',
  );
});

test.each([
  [
    'a mistyped one',
    (token: string) => token.replace(/.$/, (digit) => (digit === 'x' ? 'y' : 'x')),
    'last six digits',
  ],
  ['one that is cut off', (token: string) => token.slice(0, -3), 'last six digits'],
  ['something else', () => 'ghp_0123456789', 'begin with hpo_'],
  ['its hash', (token: string) => hashSecret(token), 'begin with hpo_'],
])('%s is refused as malformed, and the message does not repeat it', async (_, change, message) => {
  await using place = await startTokens();
  const { tokens } = place;
  const { secret } = await tokens.create(GRAFANA, ROOT);
  const wrong = change(secret);
  const [reason, said] = refusalOf(() => bearer(tokens, wrong));
  expect(reason).toBe('token_malformed');
  expect(said).toContain(message);
  expect(said).not.toContain(wrong.slice(4, 12));
});

test('a token in a path is valid if its role is ingest, and then no header is looked at', async () => {
  await using place = await startTokens();
  const { tokens } = place;
  const viewer = await tokens.create(GRAFANA, ROOT);
  const admin = await tokens.create({ name: 'ops', role: 'admin' }, ROOT);
  const ingest = await tokens.create({ name: 'slurmctld', role: 'ingest' }, ROOT);
  expect(show(tokens, undefined, ingest.secret)).toMatchObject({ name: 'slurmctld', role: 'ingest' });
  for (const { secret } of [viewer, admin])
    expect(reasonOf(() => show(tokens, undefined, secret))).toBe('token_misplaced');
  for (const wrong of ['', 'x', createSecret(SESSION_PREFIX)])
    expect(reasonOf(() => show(tokens, `Bearer ${admin.secret}`, wrong))).toBe('token_malformed');
  expect(reasonOf(() => show(tokens, `Bearer ${admin.secret}`, createSecret(TOKEN_PREFIX)))).toBe(
    'token_unknown',
  );
});

test('the last use is listed at once, and stored when uses are saved', async () => {
  await using place = await startTokens();
  const { tokens, load, clock } = place;
  const { secret } = await tokens.create(GRAFANA, ROOT);
  await tokens.create({ name: 'b', role: 'admin' }, ROOT);
  const usesOf = (registry: Registry) => registry.list().map(({ name, lastUsedMs }) => [name, lastUsedMs]);
  clock.advance(5000);
  bearer(tokens, secret);
  expect(usesOf(tokens)).toEqual([
    ['b', undefined],
    ['grafana', NOON_MS + 5000],
  ]);
  expect(usesOf(await load())).toEqual([
    ['b', undefined],
    ['grafana', undefined],
  ]);
  await tokens.saveUses();
  expect(usesOf(await load())).toEqual(usesOf(tokens));
});

test('a refused token is not used, also if it has expired', async () => {
  await using place = await startTokens();
  const { tokens, clock } = place;
  const { secret } = await tokens.create({ ...GRAFANA, expiresMs: NOON_MS + 1 }, ROOT);
  clock.advance(1);
  expect(reasonOf(() => bearer(tokens, secret))).toBe('token_expired');
  expect(tokens.list()[0]!.lastUsedMs).toBeUndefined();
});

test('uses that the store refuses are saved the next time', async () => {
  await using place = await startTokens();
  const { clock, store } = place;
  const saved: (readonly [string, number])[][] = [];
  let isBroken = true;
  const stored: Token = { ...GRAFANA, hash: '', createdMs: 0, createdBy: 'root' };
  const secret = createSecret(TOKEN_PREFIX);
  const tokens = tokenRegistry({
    stored: [{ ...stored, hash: hashSecret(secret) }],
    store: {
      ...store,
      saveTokenUses: async (uses) => {
        if (isBroken) throw new Error('disk full');
        saved.push([...uses]);
      },
    },
    now: clock.now,
  });
  bearer(tokens, secret);
  await expect(tokens.saveUses()).rejects.toThrow('disk full');
  isBroken = false;
  await tokens.saveUses();
  await tokens.saveUses();
  expect(saved).toEqual([[['grafana', NOON_MS]]]);
});

test('creations and revocations are in the audit record with who made them, and never a secret', async () => {
  await using place = await startTokens();
  const { tokens, store } = place;
  const { secret } = await tokens.create(GRAFANA, ROOT);
  await tokens.revoke('grafana', { name: 'ops', proof: 'token', isLocal: false });
  const entries = await store.listAudit({ limit: 10 });
  expect(entries).toMatchObject([
    { action: 'token_revoked', subject: 'grafana', caller: 'ops', proof: 'token', timeMs: NOON_MS },
    { action: 'token_created', subject: 'grafana', caller: 'root', proof: 'kernel', timeMs: NOON_MS },
  ]);
  expect(JSON.stringify([entries, tokens.list()])).not.toContain(secret.slice(4));
});

test('the only comparison of a token is one of hashes in constant time', async () => {
  const read = (name: string) => Bun.file(`${import.meta.dir}/../../src/access/${name}`).text();
  const source = await read('token.ts');
  const find = /function find.*?\n {2}}\n/s.exec(source)![0];
  expect(find).toMatch(
    /const hash = hashSecret\(secret\);\n.*byHash\.get\(hash\);\n(?: +\/\/.*\n)?.*!areSameHashes\(token\.hash, hash\)/,
  );
  // Beside that, the secret is only checked for its form, which depends on nothing that is stored.
  expect(find.match(/\bsecret\b/g)).toHaveLength(4);
  expect(await read('secret.ts')).toMatch(/areSameHashes = [^;]*timingSafeEqual\(/);
});
