import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';

/**
 * Returns a script that Bun runs before the executable's own code. Once the file `trigger` exists, messages
 * to the writing thread arrive broken and the thread dies, as it would of a bug.
 */
const breakMessages = (trigger: string) => `
  import { existsSync } from 'node:fs';
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    return send.call(this, existsSync(${JSON.stringify(trigger)}) ? { text: '{' } : message, ...rest);
  };`;

const create = (url: string, id: string) =>
  fetch(`${url}/v1/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, user: 'u', nodes: ['n'] }),
  });

test('a service whose writing thread dies logs why, answers waiting requests with 503, and exits with 1', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('break.js'), breakMessages(folder.file('now')));
  await using server = await serve({
    folder: folder.path,
    env: { BUN_OPTIONS: `--preload=${folder.file('break.js')}` },
  });
  expect((await create(server.url, 'before')).status).toBe(201);
  writeFileSync(folder.file('now'), '');
  const refused = await create(server.url, 'never');
  expect(refused.status).toBe(503);
  expect(((await refused.json()) as { message: string }).message).toContain('The store has failed');
  expect(await server.ended()).toBe(1);
  const lines = server
    .errors()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const errors = lines.filter(({ level }) => level === 'error');
  expect(errors).toEqual([
    expect.objectContaining({
      event: 'store_failed',
      cause: expect.stringContaining('JSON'),
    }),
  ]);
  await using again = await serve({ folder: folder.path });
  const list = (await (await fetch(`${again.url}/v1/jobs`)).json()) as { jobs: { id: string }[] };
  expect(list.jobs.map(({ id }) => id)).toEqual(['before']);
});
