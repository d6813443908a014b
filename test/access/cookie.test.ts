import { expect, test } from 'bun:test';
import { sessionCookie } from '../../src/access/cookie.ts';

test.each([
  [false, '', 'hpc_observe_session=s; Max-Age=60; Path=/; HttpOnly; SameSite=Lax'],
  [true, '', '__Host-hpc_observe=s; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure'],
  [false, '/hpc', 'hpc_observe_session=s; Max-Age=60; Path=/hpc; HttpOnly; SameSite=Lax'],
  [true, '/hpc', '__Secure-hpc_observe=s; Max-Age=60; Path=/hpc; HttpOnly; SameSite=Lax; Secure'],
])('with TLS %s and under %j the cookie is %s', (isSecure, basePath, header) => {
  const cookie = sessionCookie({ isSecure, basePath });
  expect(cookie.write('s', 60_000)).toBe(header);
  expect(cookie.clear).toBe(header.replace('=s; Max-Age=60', '=; Max-Age=0'));
  const [name] = header.split('=');
  const request = new Request('http://localhost/', {
    headers: { cookie: `a=b; ${name}=1; x${name}=2; ${name}=3` },
  });
  expect(cookie.read(request)).toEqual(['1', '3']);
});
