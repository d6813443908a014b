import { expect, test } from 'bun:test';
import { LOCAL_SITE } from '../../../src/domain/site.ts';
import { startService } from '../../help/service.ts';

const filesOf = (html: string) => [...html.matchAll(/"(web\/[^"]+)"/g)].map(([, path]) => path!);

test('every page is the same document, which needs no sign-in', async () => {
  await using service = await startService({ ways: [] });
  const first = await service.send('GET', '/');
  expect(first.status).toBe(200);
  expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const path of ['/jobs', '/jobs/4711', '/jobs/a%2Fb?run=2'])
    expect((await service.send('GET', path)).text).toBe(first.text);
  expect((await service.send('GET', '/nowhere')).status).toBe(404);
});

test('no script may run but those of the service, and no other page may show them in a frame', async () => {
  await using service = await startService();
  const { headers, text } = await service.send('GET', '/');
  const policy = headers.get('content-security-policy')!;
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(text).not.toContain('http');
});

test('the portals that a setting names may show pages and documentation in a frame', async () => {
  const frameAncestors = ['https://portal.example.org', 'https://ood.example.org:8443'];
  await using service = await startService({ site: { ...LOCAL_SITE, frameAncestors } });
  const framing = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'iframe',
  };
  for (const path of ['/', '/jobs/4711', '/swagger']) {
    const { status, headers } = await service.send('GET', path, undefined, framing);
    const policy = headers.get('content-security-policy')!;
    expect([path, status, headers.get('x-frame-options')]).toEqual([path, 200, null]);
    expect(policy.split('; ')).toContain(
      'frame-ancestors https://portal.example.org https://ood.example.org:8443',
    );
  }
});

test('what the document loads is there, and kept by browsers because its name changes with it', async () => {
  await using service = await startService();
  const files = filesOf((await service.send('GET', '/')).text);
  expect(files.map((path) => path.split('.').at(-1)).sort()).toEqual(['css', 'js']);
  for (const path of files) {
    const { status, headers } = await service.send('GET', `/${path}`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  }
  expect((await service.send('GET', '/web/other.js')).status).toBe(404);
});

test('below a path of a proxy, everything is below it', async () => {
  await using service = await startService({ site: { ...LOCAL_SITE, basePath: '/hpc-observe' } });
  for (const path of ['/', '/hpc-observe/', '/hpc-observe/jobs'])
    expect((await service.send('GET', path)).text).toContain('<base href="/hpc-observe/">');
  const [file] = filesOf((await service.send('GET', '/')).text);
  expect((await service.send('GET', `/hpc-observe/${file}`)).status).toBe(200);
});
