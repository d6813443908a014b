import { expect, test } from 'bun:test';
import { refusalLinks } from '../../../src/access/refusal-link.ts';
import type { Way } from '../../../src/access/way.ts';
import type { NewNotice } from '../../../src/domain/policy/notice.ts';
import { NOON_MS } from '../../help/clock.ts';
import { startService } from '../../help/service.ts';

const byHeader: Way = ({ request }) => {
  const name = request.headers.get('x-person') ?? 'alice';
  return { name, proof: 'kernel', isLocal: true };
};

const NOTICE: NewNotice = {
  ...{ policy: 'idle', audience: 'user', name: 'alice', timeMs: NOON_MS, untilMs: NOON_MS },
  ...{ expiresMs: NOON_MS + 1000, subject: 'idle: your job 7', says: 'End it.', ways: ['mail'] },
  parts: [{ title: 'Your jobs', lines: [], jobs: [{ id: '7', text: 'no GPU used for 1 h.' }], more: 0 }],
  runs: [{ job: '7', startMs: NOON_MS }],
};

test('users see what they were told, and not what others were', async () => {
  await using service = await startService({ ways: [byHeader] });
  await service.store.recordNotices([NOTICE, NOTICE, { ...NOTICE, name: 'bob' }]);
  const own = await service.send('GET', '/v1/notices');
  expect(own.json.notices).toHaveLength(1);
  expect(own.json).toMatchObject({
    user: 'alice',
    digest: true,
    notices: [{ policy: 'idle', deliveries: [{ way: 'mail', state: 'waiting', tries: 0 }] }],
  });
  expect((await service.send('GET', '/v1/notices?user=bob')).status).toBe(403);
  const asRoot = await service.send('GET', '/v1/notices?user=bob', undefined, { 'x-person': 'root' });
  expect(asRoot.json.notices).toHaveLength(1);
});

test('a link of a digest ends it with its button only, and no other link does', async () => {
  await using service = await startService({ ways: [byHeader] });
  const links = refusalLinks(await service.store.readLinkSecret());
  const path = `/v1/digest/${links.sign('alice')}`;
  const wish = async () => (await service.send('GET', '/v1/notices')).json.digest;
  const shown = await service.send('GET', path);
  expect([shown.status, shown.text.includes('<form method="post">')]).toEqual([200, true]);
  expect(await wish()).toBe(true);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const ended = await service.send('POST', path, 'List-Unsubscribe=One-Click', type);
  expect([ended.status, await wish()]).toEqual([200, false]);
  expect((await service.send('POST', '/v1/digest', { wanted: true })).json).toEqual({ wanted: true });
  for (const forged of [refusalLinks('other').sign('alice'), `${links.sign('bob')}x`, 'alice.AAAA'])
    expect((await service.send('POST', `/v1/digest/${forged}`, '', type)).status).toBe(404);
  expect(await wish()).toBe(true);
});
