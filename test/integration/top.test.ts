import { expect, test } from 'bun:test';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { startOnTerminal } from '../help/terminal.ts';
import { testWith } from '../help/tool.ts';

const NODES = Array.from({ length: 30 }, (_, index) => index + 1);

async function serveJobs(args: readonly string[] = [], folder?: string) {
  const service = await serve({ args, ...(folder !== undefined && { folder }) });
  const post = (path: string, body: object) =>
    fetch(`${service.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return { ...service, post };
}

const top = (url: string, ...args: string[]) => [EXECUTABLE, 'top', '--server', url, ...args];
const onTerminal = testWith(['setsid']);

onTerminal(
  'top follows jobs on a terminal: selects, filters, shows a report, and leaves no trace',
  async () => {
    await using service = await serveJobs();
    for (const number of NODES)
      await service.post('/v1/jobs', {
        id: `job-${number}`,
        user: number > 20 ? 'eve' : 'bob',
        nodes: ['n1'],
      });
    await service.post('/v1/jobs/job-7/metrics', { cpu_usage: 83.5, memory_usage_mb: 2048 });
    await using terminal = startOnTerminal(top(service.url));
    await terminal.sees(/^>job-7 +running +bob .* 84 %/m);
    expect(terminal.lines()[0]).toMatch(/^hpc-observe default {2}.*● live +\d\d:\d\d:\d\d$/);
    expect(terminal.text()).toContain('1 to 17 of 30 jobs of everybody by CPU usage');
    expect([terminal.isTaken(), terminal.isCooked(), terminal.isCursorShown()]).toEqual([true, false, false]);

    // A change is seen by itself, and little is written for it.
    const before = terminal.written().length;
    await service.post('/v1/jobs/job-9/metrics', { cpu_usage: 99, memory_usage_mb: 1024 });
    await terminal.sees(/^ ?>?job-9 .* 99 %/m);
    expect(terminal.written().length - before).toBeLessThan(15_000);

    terminal.type('/user:eve\r');
    await terminal.sees(/1? ?10 jobs of everybody by CPU usage: user:eve/);
    terminal.type('\u001b[B\r');
    await terminal.sees(/^job job-\d+ {2}running\nuser eve/m);
    terminal.type('q');
    await terminal.sees(/by CPU usage: user:eve/);
    terminal.resize(60, 12);
    await terminal.sees(/^ job +state +user +nodes +ran +CPU▼$/m);
    expect(terminal.lines().length).toBeLessThanOrEqual(12);
    terminal.type('q');
    expect(await terminal.ended()).toBe(0);
    expect([terminal.isTaken(), terminal.isCooked(), terminal.isCursorShown()]).toEqual([false, true, true]);
  },
);

onTerminal('top says that the connection is lost, and goes on when the service is back', async () => {
  const first = await serveJobs();
  await first.post('/v1/jobs', { id: 'job-1', user: 'bob', nodes: ['n1'] });
  const port = new URL(first.url).port;
  await using terminal = startOnTerminal(top(first.url));
  await terminal.sees(/● live/);
  await first.stop('SIGTERM');
  await terminal.sees(/✕ no connection since \d\d:\d\d:\d\d/);
  expect(terminal.text()).toContain('job-1');
  await using second = await serveJobs(['--port', port], first.folder);
  await second.post('/v1/jobs', { id: 'job-2', user: 'bob', nodes: ['n1'] });
  await terminal.sees(/● live/);
  await terminal.sees(/job-2/);
  await first[Symbol.asyncDispose]();
});

onTerminal('top gives the terminal back when a signal ends it', async () => {
  await using service = await serveJobs();
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    await using terminal = startOnTerminal(top(service.url));
    await terminal.sees(/No job runs/);
    terminal.kill(signal);
    expect(await terminal.ended()).toBe(code);
    expect([terminal.isTaken(), terminal.isCooked(), terminal.isCursorShown()]).toEqual([false, true, true]);
  }
  await using dumb = startOnTerminal(top(service.url), { env: { TERM: 'dumb' } });
  expect(await dumb.ended()).toBe(0);
  expect(dumb.written()).not.toContain('\u001b');
  expect(dumb.written()).toContain('0 jobs of everybody by CPU usage');
});

test('top where nothing answers says what to do before it takes the terminal', async () => {
  await using terminal = startOnTerminal(top('http://127.0.0.1:9'));
  expect(await terminal.ended()).toBe(1);
  expect(terminal.written()).toContain('No service answers at http://127.0.0.1:9.');
  expect(terminal.written()).not.toContain('\u001b[?1049h');
});
