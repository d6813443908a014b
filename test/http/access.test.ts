import { expect, test } from 'bun:test';
import { ANYBODY, type Caller, NOBODY } from '../../src/domain/caller.ts';
import { unauthorized } from '../../src/domain/errors.ts';
import { startService } from '../help/service.ts';

const INGESTER: Caller = {
  identity: { name: 'root', uid: 0, proof: 'munge', isLocal: false },
  role: 'ingest',
  sight: undefined,
};

test('an unknown caller is answered 401 before the body is read, and 404 for a path that does not exist', async () => {
  await using service = await startService({ identify: () => NOBODY });
  const answers = [
    await service.send('GET', '/v1/jobs'),
    await service.send('POST', '/v1/jobs', '{"broken'),
    await service.send('DELETE', '/v1/jobs/a'),
    await service.send('POST', '/v1/samples', '{"broken'),
    await service.send('HEAD', '/v1/jobs'),
    await service.send('GET', '/v1/health'),
    await service.send('GET', '/nothing'),
  ];
  expect(answers.map(({ status, json }) => [status, json?.error])).toEqual([
    [401, 'unauthorized'],
    [401, 'unauthorized'],
    [401, 'unauthorized'],
    [401, 'unauthorized'],
    [401, undefined],
    [200, undefined],
    [404, 'not_found'],
  ]);
});

test('a caller whose role does not allow a request is answered 403 with what it needs', async () => {
  await using service = await startService({ identify: async () => INGESTER });
  const answer = await service.send('GET', '/v1/jobs');
  expect([answer.status, answer.json]).toEqual([
    403,
    {
      error: 'forbidden',
      message: 'root has the role ingest; this request needs the right to read jobs.',
    },
  ]);
  expect((await service.send('GET', '/metrics')).status).toBe(403);
  expect((await service.send('POST', '/v1/samples', { samples: [] })).status).not.toBe(403);
});

test('a credential that is not valid is answered 401 with the reason', async () => {
  await using service = await startService({
    identify: () => Promise.reject(unauthorized('The token has expired.')),
  });
  const answer = await service.send('POST', '/v1/jobs', {});
  expect([answer.status, answer.json]).toEqual([
    401,
    { error: 'unauthorized', message: 'The token has expired.' },
  ]);
  expect(answer.headers.get('www-authenticate')).toBe('Bearer, Munge');
  expect((await service.send('GET', '/nothing')).headers.get('www-authenticate')).toBeNull();
});

test('each request is identified once', async () => {
  let calls = 0;
  await using service = await startService({
    identify: () => {
      calls++;
      return ANYBODY;
    },
  });
  await service.send('POST', '/v1/jobs', { id: 'a', user: 'alice', nodes: ['n1'] });
  await service.send('GET', '/v1/jobs/a');
  expect(calls).toBe(2);
});
