import { expect, test } from 'bun:test';
import type { Identity } from '../../../src/domain/caller.ts';
import {
  type AuditEntry,
  auditEntry,
  MAX_TOKENS,
  MAX_USER_SESSIONS,
  type Session,
  type Token,
} from '../../../src/domain/store/access.ts';
import { codeOf, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const DAY_MS = 24 * 60 * 60_000;
const ROOT: Identity = { name: 'root', uid: 0, proof: 'kernel', isLocal: true };
const ALICE: Identity = {
  ...{ name: 'alice', uid: 1001, proof: 'oidc', isLocal: false, role: 'viewer', groups: ['staff', 'a,b'] },
} as const;

const hashOf = (text: string) => new Bun.CryptoHasher('sha256').update(text).digest('hex');

const token = (name: string, fields: Partial<Token> = {}): Token => ({
  ...{ name, role: 'viewer', hash: hashOf(name), createdMs: NOON_MS, createdBy: 'root' },
  ...fields,
});

const session = (name: string, identity: Identity, atMs = 0, fields: Partial<Session> = {}): Session => ({
  ...{ hash: hashOf(name), identity, createdMs: NOON_MS + atMs, expiresMs: NOON_MS + atMs + DAY_MS },
  ...fields,
});

const entry = (action: AuditEntry['action'], subject: string, atMs = 0): AuditEntry =>
  auditEntry(ROOT, action, subject, NOON_MS + atMs);

export function access(makePlace: MakePlace) {
  test('tokens are stored with all their fields, and their names are taken until they are revoked', async () => {
    await using place = await emptyStore(makePlace);
    const grafana = token('grafana', { expiresMs: NOON_MS + DAY_MS });
    await place.store.createToken(grafana, entry('token_created', 'grafana'));
    const ci = token('ci', { role: 'ingest' });
    await place.store.createToken(ci, entry('token_created', 'ci'));
    const other = token('grafana', { hash: hashOf('other') });
    expect(await codeOf(place.store.createToken(other, entry('token_created', 'grafana')))).toBe('conflict');
    await place.reopen();
    expect((await place.store.loadAccess(NOON_MS + 9 * DAY_MS)).tokens).toEqual([ci, grafana]);
    await place.store.revokeToken('grafana', entry('token_revoked', 'grafana'));
    expect(await codeOf(place.store.revokeToken('grafana', entry('token_revoked', 'grafana')))).toBe(
      'not_found',
    );
    await place.store.createToken(other, entry('token_created', 'grafana'));
    expect((await place.store.loadAccess(NOON_MS)).tokens).toEqual([ci, other]);
    const record = await place.store.listAudit({ limit: 10 });
    expect(record.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'token_created grafana',
      'token_revoked grafana',
      'token_created ci',
      'token_created grafana',
    ]);
  });

  test('the last use of a token never goes back, and one before the token was made is of another', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createToken(token('a'), entry('token_created', 'a'));
    await store.createToken(token('b'), entry('token_created', 'b'));
    const usesOf = async () => (await store.loadAccess(NOON_MS)).tokens.map(({ lastUsedMs }) => lastUsedMs);
    await store.saveTokenUses(
      new Map([
        ['a', NOON_MS + 5],
        ['b', NOON_MS - 1],
        ['gone', NOON_MS + 5],
      ]),
    );
    expect(await usesOf()).toEqual([NOON_MS + 5, undefined]);
    await store.saveTokenUses(new Map([['a', NOON_MS + 3]]));
    expect(await usesOf()).toEqual([NOON_MS + 5, undefined]);
    await store.saveTokenUses(new Map([['a', NOON_MS + 7]]));
    expect(await usesOf()).toEqual([NOON_MS + 7, undefined]);
  });

  test('there is a most of tokens, and one that is revoked makes room', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const create = (name: string) => store.createToken(token(name), entry('token_created', name));
    await Promise.all(Array.from({ length: MAX_TOKENS }, (_, index) => create(`t${index}`)));
    expect(await codeOf(create('more'))).toBe('conflict');
    await store.revokeToken('t0', entry('token_revoked', 't0'));
    expect(await codeOf(create('more'))).toBe('none');
  });

  test('sessions are loaded with who proved what, until they expire or are ended', async () => {
    await using place = await emptyStore(makePlace);
    const first = session('first', ALICE);
    const second = session('second', ALICE, 1);
    expect(await place.store.startSession(first, entry('session_started', 'alice'))).toEqual([]);
    expect(await place.store.startSession(second, entry('session_started', 'alice'))).toEqual([]);
    await place.reopen();
    const { store } = place;
    const sessionsAt = async (atMs: number) =>
      (await store.loadAccess(NOON_MS + atMs)).sessions.sort((a, b) => a.createdMs - b.createdMs);
    expect(await sessionsAt(0)).toEqual([first, second]);
    expect(await sessionsAt(DAY_MS)).toEqual([second]);
    expect(await store.endSessions([second.hash, hashOf('x')], entry('session_ended', 'alice'))).toEqual([
      second.hash,
    ]);
    expect(await sessionsAt(0)).toEqual([first]);
    const third = session('third', ROOT, DAY_MS);
    expect(await store.startSession(third, entry('session_started', 'root'))).toEqual([first.hash]);
    expect(await sessionsAt(0)).toEqual([third]);
  });

  test('all sessions of exactly one user are ended by name', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const names = ['alice', 'alice,bob', 'Alice', 'alice'];
    for (const [index, name] of names.entries())
      await store.startSession(
        session(`s${index}`, { ...ALICE, name }, index),
        entry('session_started', name),
      );
    const ended = await store.endSessionsOf('alice', entry('sessions_revoked', 'alice'));
    expect(ended.sort()).toEqual([hashOf('s0'), hashOf('s3')].sort());
    const left = (await store.loadAccess(NOON_MS)).sessions.map(({ identity }) => identity.name);
    expect(left.sort()).toEqual(['Alice', 'alice,bob']);
  });

  test('the newest sessions of a user are kept, and those of others stay', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const start = (name: string, atMs: number, identity = ALICE) =>
      store.startSession(session(name, identity, atMs), entry('session_started', identity.name));
    await start('root', 0, ROOT);
    const ended = await Promise.all(
      Array.from({ length: MAX_USER_SESSIONS }, (_, index) => start(`s${index}`, index)),
    );
    expect(ended.flat()).toEqual([]);
    expect(await start('one more', MAX_USER_SESSIONS)).toEqual([hashOf('s0')]);
    expect(await start('clock went back', 0)).toEqual([hashOf('s1')]);
    const { sessions } = await store.loadAccess(NOON_MS);
    expect(sessions).toHaveLength(MAX_USER_SESSIONS + 1);
    expect(sessions.map(({ hash }) => hash)).toContain(hashOf('clock went back'));
  });

  test('the audit record is read in pages, newest first, whatever times the entries have', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const names = Array.from({ length: 7 }, (_, index) => `t${index}`);
    for (const [index, name] of names.entries())
      await store.createToken(token(name), entry('token_created', name, -index));
    await place.reopen();
    const seen: string[] = [];
    let before: number | undefined;
    for (let pages = 0; pages < 4; pages++) {
      const page = await place.store.listAudit({ limit: 3, ...(before !== undefined && { before }) });
      seen.push(...page.map(({ subject }) => subject));
      before = page.at(-1)?.number;
    }
    expect(seen).toEqual(names.toReversed());
    const [newest] = await place.store.listAudit({ limit: 1 });
    const { number, ...rest } = newest!;
    expect(rest).toEqual(entry('token_created', 't6', -6));
    expect(number).toBeGreaterThan(0);
  });

  test('a change and its audit entry are stored together, and what changes nothing leaves no entry', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('a'), pastJob('b')]);
    await store.deleteJob('a', entry('job_deleted', 'a'));
    await store.deleteJob('b');
    expect(await codeOf(store.deleteJob('a', entry('job_deleted', 'a')))).toBe('not_found');
    await store.createToken(token('t'), entry('token_created', 't'));
    const refused = [
      store.createToken(token('t'), entry('token_created', 't')),
      store.revokeToken('u', entry('token_revoked', 'u')),
    ];
    expect(await Promise.all(refused.map(codeOf))).toEqual(['conflict', 'not_found']);
    expect(await store.endSessions([hashOf('x')], entry('session_ended', 'alice'))).toEqual([]);
    expect(await store.endSessionsOf('alice', entry('sessions_revoked', 'alice'))).toEqual([]);
    const record = await store.listAudit({ limit: 1000 });
    expect(record.map(({ action, subject }) => [action, subject])).toEqual([
      ['token_created', 't'],
      ['job_deleted', 'a'],
    ]);
  });

  test('old audit entries are deleted step by step, and numbers are never given again', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const ids = Array.from({ length: 250 }, (_, index) => `j${index}`);
    await store.createJobs(ids.map((id) => pastJob(id)));
    await Promise.all(ids.map((id, index) => store.deleteJob(id, entry('job_deleted', id, index))));
    const [last] = await store.listAudit({ limit: 1 });
    const expireAt = async (atMs: number) => {
      for (let steps = 0; await store.expire({ auditMs: DAY_MS }, NOON_MS + DAY_MS + atMs); steps++)
        expect(steps).toBeLessThan(100);
    };
    await expireAt(248);
    expect((await store.listAudit({ limit: 1000 })).map(({ subject }) => subject)).toEqual(['j249', 'j248']);
    await expireAt(250);
    expect(await store.listAudit({ limit: 1000 })).toEqual([]);
    await place.reopen();
    await place.store.createToken(token('t'), entry('token_created', 't'));
    const [next] = await place.store.listAudit({ limit: 1 });
    expect(next!.number).toBeGreaterThan(last!.number);
  });
}
