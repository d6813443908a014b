import { expect } from 'bun:test';
import { mungeWay } from '../../src/access/munge.ts';
import { createUnmunge } from '../../src/access/unmunge.ts';
import { Client } from '../../src/client/client.ts';
import { mungeCredentials, mungeEncoder } from '../../src/client/munge.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { startMunge, testWithMunge } from '../help/munge.ts';
import { startService } from '../help/service.ts';
import { errorOf } from './help.ts';

/** A service that knows users of a munged by MUNGE, and a client that this munged proves. */
async function startAll({ cluster = 'alpha' } = {}) {
  const munge = await startMunge();
  const unmunge = createUnmunge({ socket: munge.socket });
  const way = mungeWay({
    unmunge,
    cluster: () => cluster,
    isMeant: (host, { requestHost }) => host === requestHost,
    nameOf: (uid) => (uid === 0 ? 'root' : `user${uid}`),
  });
  const service = await startService({ ways: [way] });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  const url = server.url.href;
  let encoded = 0;
  const encode = mungeEncoder({ socket: munge.socket })!;
  const credentials = mungeCredentials({ url }, (payload) => {
    encoded++;
    return encode(payload);
  });
  return {
    munge,
    service,
    url,
    client: new Client({ url, credentials, retries: 0 }),
    encoded: () => encoded,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await service[Symbol.asyncDispose]();
      await munge[Symbol.asyncDispose]();
    },
  };
}

testWithMunge('a client exchanges one MUNGE credential for a session, for all its requests', async () => {
  await using all = await startAll();
  const answers = await Promise.all([all.client.whoami(), all.client.whoami(), all.client.whoami()]);
  answers.push(await all.client.whoami());
  for (const { name, proof, sessionEndsMs } of answers)
    expect([name, proof, sessionEndsMs]).toEqual([
      process.getuid?.() === 0 ? 'root' : `user${process.getuid?.()}`,
      'munge',
      all.service.clock.now() + 12 * 3_600_000,
    ]);
  expect(all.encoded()).toBe(1);
});

testWithMunge(
  'a session that ended is replaced by one exchange, also for many requests at once',
  async () => {
    await using all = await startAll();
    await all.client.whoami();
    all.service.clock.advance(12 * 3_600_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => all.client.whoami()));
    expect(answers.every(({ proof }) => proof === 'munge')).toBe(true);
    expect(all.encoded()).toBe(2);
  },
);

testWithMunge('a request that was refused with its session is sent once more', async () => {
  await using all = await startAll();
  await all.client.whoami();
  all.service.clock.advance(12 * 3_600_000);
  const refused = await errorOf(all.client.getJob('none'));
  expect(refused).toMatchObject({ status: process.getuid?.() === 0 ? 403 : 404 });
  expect(all.encoded()).toBe(2);
});

testWithMunge('a client that the service does not believe says why, and tries again later', async () => {
  await using all = await startAll({ cluster: 'beta' });
  expect(await errorOf(all.client.listJobs())).toMatchObject({
    status: 401,
    message: 'The MUNGE credential was made for the cluster "alpha"; this is "beta".',
  });
  await errorOf(all.client.listJobs());
  expect(all.encoded()).toBe(2);
});

testWithMunge(
  'a client without munged says so',
  async () => {
    await using all = await startAll();
    await all.munge.stop();
    expect(await errorOf(all.client.listJobs())).toMatchObject({
      message: expect.stringContaining('munge failed'),
    });
  },
  30_000,
);
