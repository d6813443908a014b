import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { renderApiTables } from '../../src/api/tables.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { startService } from '../help/service.ts';

const PAGE = readFileSync('docs/api.md', 'utf8');

let service: Awaited<ReturnType<typeof startService>>;
let server: ReturnType<typeof listenTcp>;

beforeAll(async () => {
  service = await startService();
  service.clock.set(Date.now());
  server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await server.stop(true);
  await service[Symbol.asyncDispose]();
});

test('the tables of docs/api.md are those of src/api', () => {
  expect(PAGE.match(/<!-- table: /g)?.length).toBe(9);
  expect(renderApiTables(PAGE)).toBe(PAGE);
});

test('a table that does not exist is an error', () => {
  expect(() => renderApiTables('<!-- table: none -->\n<!-- end -->')).toThrow('no table called none');
});

test.skipIf(Bun.which('curl') === null)(
  'every curl of docs/api.md is answered with 2xx, in the order of the page',
  async () => {
    const script = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)]
      .map(([, code]) => code!)
      .join('\n')
      .replace('http://127.0.0.1:8080', server.url.href.replace(/\/$/, ''))
      .replaceAll('curl -s', 'curl -sS --fail-with-body -o /dev/null -w "%{http_code}\\n"');
    const shell = Bun.spawn(['bash', '-euc', script], { stdout: 'pipe', stderr: 'pipe' });
    const [out, error] = await Promise.all([
      new Response(shell.stdout).text(),
      new Response(shell.stderr).text(),
    ]);
    expect([await shell.exited, error]).toEqual([0, '']);
    const statuses = out.trim().split('\n');
    expect(statuses.length).toBe(PAGE.match(/curl -s/g)!.length);
    expect(statuses.every((status) => status.startsWith('2'))).toBe(true);
  },
);
