import { expect, test } from 'bun:test';
import { isFromTrustedPage, isOwnHost, LOCAL_SITE, mayRead, urlOf } from '../../src/domain/site.ts';

const names = new Set(['localhost', 'hn', 'hn.example.org']);

test.each([
  null,
  '',
  'localhost',
  'LOCALHOST:8080',
  'localhost.',
  'hn',
  'hn:8080',
  'HN.Example.org.:443',
  '127.0.0.1',
  '10.1.2.3:8080',
  '255.255.255.255:65535',
  '[::1]',
  '[::1]:8080',
  '[fe80::1]:8080',
  '[::ffff:10.0.0.1]:1',
])('the Host %j is one of the service', (host) => {
  expect(isOwnHost({ names }, host)).toBe(true);
});

test.each([
  'evil.example.com',
  'evil.example.com:8080',
  'localhost.evil.com',
  'evil.localhost',
  'xlocalhost',
  'localhost:8080, evil.com',
  'localhost, evil.com',
  'localhost:8080:8080',
  'localhost:',
  'localhost:x',
  'localhost..',
  'user@localhost',
  'evil.com/localhost',
  'evil.com\\localhost',
  'local host',
  '127.0.0.1.evil.com',
  '127.0.0.256',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  '::1',
  '[evil.com]',
  '[::1',
  '[::1]x',
  '[]',
  '.',
  '127.0.0.1.nip.io',
])('the Host %j is foreign', (host) => {
  expect(isOwnHost({ names }, host)).toBe(false);
});

const site = { ...LOCAL_SITE, publicOrigin: 'https://portal.org', otherOrigins: new Set(['https://g.org']) };
const tls = { ...site, isTls: true };
const from = (
  origin: string | null,
  host: string | null = 'localhost:8080',
  fetchSite: string | null = null,
) => ({
  origin,
  host,
  fetchSite,
});

test.each([
  ['a program', site, from(null)],
  ['a program over HTTP/1.0', site, from(null, null)],
  ['its own page', site, from('http://localhost:8080')],
  ['its own page, whose port is left out', site, from('http://hn', 'hn:80')],
  ['its own page, named in capitals', site, from('http://hn', 'HN')],
  ['its own page over TLS', tls, from('https://hn', 'hn')],
  ['its own page over TLS, whose port is left out', tls, from('https://hn', 'hn:443')],
  ['its page in a portal', site, from('https://portal.org')],
  ['a page of a named origin', site, from('https://g.org')],
  ['its own page in a browser that sends no Origin', site, from(null, 'hn', 'same-origin')],
  ['a person at the address bar', site, from(null, 'hn', 'none')],
])('a request of %s is trusted', (_, where, sender) => {
  expect(isFromTrustedPage(where, sender)).toBe(true);
});

test.each([
  ['a page of another host', site, from('http://evil.com')],
  ['a page of another port', site, from('http://localhost:3000')],
  ['a page of another scheme', site, from('https://localhost:8080')],
  ['a page without TLS of the same host', tls, from('http://hn', 'hn')],
  ['a page that hides its origin', site, from('null')],
  ['a page whose Origin is empty', site, from('')],
  ['a page whose origin begins like a named one', site, from('https://g.org.evil.com')],
  ['a page of a subdomain', site, from(null, 'hn', 'same-site')],
  ['a foreign page in a browser that sends no Origin', site, from(null, 'hn', 'cross-site')],
  ['a page with two origins', site, from('http://localhost:8080, http://evil.com')],
  ['any page, where the Host is missing', site, from('http://', null)],
])('a request of %s is not trusted', (_, where, sender) => {
  expect(isFromTrustedPage(where, sender)).toBe(false);
});

test.each([
  ['hn:8080', 'http://hn:8080/base'],
  ['[::1]:80', 'http://[::1]:80/base'],
  [null, 'http://localhost/base'],
  ['', 'http://localhost/base'],
  ['a b', 'http://localhost/base'],
  ['a<b', 'http://localhost/base'],
  ['evil.com/x', 'http://localhost/base'],
  ['user@evil.com', 'http://localhost/base'],
  ['1.2.3.999', 'http://localhost/base'],
  ['a:99999', 'http://localhost/base'],
])('for a request to %j the service is at %s', (host, url) => {
  expect(urlOf({ ...LOCAL_SITE, basePath: '/base' }, host)).toBe(url);
  expect(urlOf({ ...site, basePath: '/base' }, host)).toBe('https://portal.org/base');
});

const asking = (
  fetchSite: string | null,
  fetchMode: string,
  fetchDest: string,
  origin: string | null = null,
) => ({
  fetchSite,
  fetchMode,
  fetchDest,
  origin,
});

test.each([
  ['its own page', asking('same-origin', 'cors', 'empty')],
  ['a person at the address bar', asking('none', 'navigate', 'document')],
  ['a link of another page', asking('cross-site', 'navigate', 'document')],
  ['the page in a portal', asking('cross-site', 'cors', 'empty', 'https://portal.org')],
  ['a page of a named origin', asking('same-site', 'cors', 'empty', 'https://g.org')],
])('%s may read', (_, asker) => {
  expect(mayRead(site, asker)).toBe(true);
});

test('an origin that may frame the pages may open them in a frame, and no object', () => {
  const framed = { ...site, frameAncestors: ['https://portal.org'] };
  expect(mayRead(framed, asking('cross-site', 'navigate', 'iframe'))).toBe(true);
  expect(mayRead(framed, asking('cross-site', 'navigate', 'object'))).toBe(false);
  expect(mayRead(framed, asking('cross-site', 'no-cors', 'iframe'))).toBe(false);
});

test.each([
  ['<object>', asking('cross-site', 'navigate', 'object')],
  ['<iframe>', asking('cross-site', 'navigate', 'iframe')],
  ['<link rel=prefetch>', asking('cross-site', 'no-cors', 'empty')],
  ['<img>, at another port', asking('same-site', 'no-cors', 'image')],
  ['fetch', asking('cross-site', 'cors', 'empty', 'https://evil.com')],
  ['fetch without an origin', asking('cross-site', 'cors', 'empty', 'null')],
  ['what is no page', asking('cross-site', 'no-cors', 'document')],
])('%s of a foreign page may not read', (_, asker) => {
  expect(mayRead(site, asker)).toBe(false);
});
