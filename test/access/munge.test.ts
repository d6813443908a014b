import { expect, test } from 'bun:test';
import { findFault, mungeWay } from '../../src/access/munge.ts';
import type { Credential } from '../../src/access/unmunge.ts';
import { errorOf } from '../client/help.ts';

const CREDENTIAL: Credential = {
  uid: 1000,
  encodedMs: 1_000_000,
  decodedMs: 1_001_000,
  ttlMs: 300_000,
  payload: 'hpc-observe alpha',
};
const AUDIENCE = { cluster: 'alpha', host: 'head01:8080', isMeant: (host: string) => host === 'head01:8080' };

const faultOf = (changes: Partial<Credential>) => findFault({ ...CREDENTIAL, ...changes }, AUDIENCE);

test('a credential names the service and its cluster, and may name a host of it', () => {
  for (const payload of ['hpc-observe alpha', 'hpc-observe alpha head01:8080'])
    expect(faultOf({ payload })).toBeUndefined();
});

test('a credential for another service, cluster or host is refused with the difference', () => {
  const something = 'its payload must be "hpc-observe alpha".';
  expect(faultOf({ payload: '' })).toContain(something);
  expect(faultOf({ payload: 'slurm' })).toContain(something);
  expect(faultOf({ payload: 'hpc-observe' })).toContain(something);
  expect(faultOf({ payload: 'hpc-observe alpha head01:8080 more' })).toContain(something);
  expect(faultOf({ payload: 'hpc-observe  alpha' })).toContain('the cluster ""');
  expect(faultOf({ payload: 'hpc-observe alpha\n' })).toContain(
    'for the cluster "alpha\\n"; this is "alpha"',
  );
  expect(faultOf({ payload: 'hpc-observe beta' })).toBe(
    'The MUNGE credential was made for the cluster "beta"; this is "alpha".',
  );
  expect(faultOf({ payload: 'hpc-observe alpha evil:8080' })).toBe(
    'The MUNGE credential was made for "evil:8080", and this request went to "head01:8080". ' +
      'If both lead here, name the first with --public-url.',
  );
});

test('a credential that is older than its time to live is refused even if munged accepts it', () => {
  expect(faultOf({ decodedMs: CREDENTIAL.encodedMs + 300_000 })).toBeUndefined();
  expect(faultOf({ decodedMs: CREDENTIAL.encodedMs + 301_000 })).toBe('The MUNGE credential has expired.');
});

const way = (credential: Credential, cluster: () => string | undefined = () => 'alpha') =>
  mungeWay({
    unmunge: { decode: async () => credential },
    cluster,
    isMeant: () => true,
    nameOf: async (uid) => (uid === 1000 ? 'alice' : undefined),
  });

const arrival = (authorization?: string) => ({
  request: new Request('http://head01:8080/v1/jobs', {
    headers: { host: 'head01:8080', ...(authorization !== undefined && { authorization }) },
  }),
  peer: undefined,
});

test('a credential proves the name of its uid, and not that it is a user of this machine', async () => {
  for (const authorization of ['Munge MUNGE:x:', 'munge MUNGE:x:', 'MUNGE  MUNGE:x:'])
    expect(await way(CREDENTIAL)(arrival(authorization))).toEqual({
      name: 'alice',
      uid: 1000,
      proof: 'munge',
      isLocal: false,
    });
});

test('while the name of a uid cannot be looked up, its user is not taken for somebody else', async () => {
  const asked = way({ ...CREDENTIAL, uid: 4321 })(arrival('Munge MUNGE:x:')) as Promise<unknown>;
  expect(await errorOf(asked)).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('4321'),
  });
});

test('a request without a credential does not use this way', () => {
  for (const authorization of [undefined, 'Bearer hpo_abc', 'Basic YTpi', 'Mungex MUNGE:x:'])
    expect(way(CREDENTIAL)(arrival(authorization))).toBeUndefined();
});

test('a credential is not judged before the name of the cluster is known', async () => {
  const error = await errorOf(
    way(CREDENTIAL, () => undefined)(arrival('Munge MUNGE:x:')) as Promise<unknown>,
  );
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('--cluster') });
});

test('one address cannot keep all places, and those that wait for an answer leave room for others', async () => {
  const { promise, resolve } = Promise.withResolvers<Credential>();
  const busy = mungeWay({
    unmunge: { decode: () => promise },
    cluster: () => 'alpha',
    isMeant: () => true,
    nameOf: () => 'alice',
  });
  const from = (address: string) => ({
    ...arrival('Munge MUNGE:x:'),
    peer: {
      kind: 'tcp',
      address,
      port: 1,
      listener: { address: '0.0.0.0', port: 8080 },
      isConnected: () => true,
    } as const,
  });
  const waiting = Array.from({ length: 16 }, () => busy(from('10.0.0.1')));
  // Not toThrow, which waits for the promise of one that is let in.
  let refusal: unknown;
  try {
    void busy(from('10.0.0.1'));
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ code: 'unavailable', message: expect.stringContaining('Too many MUNGE') });
  waiting.push(busy(from('10.0.0.2')));
  resolve(CREDENTIAL);
  expect((await Promise.all(waiting)).length).toBe(17);
  expect(await busy(from('10.0.0.1'))).toMatchObject({ name: 'alice' });
});

test.each([
  ['127.0.0.', 'any user of this machine can bind'],
  ['2001:db8:0:1::', 'one host has'],
])('all addresses %sN, which %s, have the places of one', (start) => {
  const { promise } = Promise.withResolvers<Credential>();
  const busy = mungeWay({
    unmunge: { decode: () => promise },
    cluster: () => 'alpha',
    isMeant: () => true,
    nameOf: () => 'alice',
  });
  const enter = (number: number) => {
    const listener = { address: '0.0.0.0', port: 8080 };
    const peer = {
      kind: 'tcp',
      address: start + number,
      port: 1,
      listener,
      isConnected: () => true,
    } as const;
    void busy({ ...arrival('Munge MUNGE:x:'), peer });
  };
  for (let number = 1; number <= 16; number++) enter(number);
  expect(() => enter(17)).toThrow('Too many MUNGE');
});
