import { expect, test } from 'bun:test';
import { refusalLog } from '../../../src/http/response/refusal-log.ts';

/** Returns a refusal log with a timer that the test fires. */
function start() {
  const lines: Record<string, unknown>[] = [];
  let waiting: { atMs: number; run: () => void }[] = [];
  let nowMs = 0;
  const log = refusalLog({
    warn: (event, fields) => void lines.push({ event, ...fields, atMs: nowMs }),
    later: (ms, run) => void waiting.push({ atMs: nowMs + ms, run }),
  });
  return {
    log,
    lines,
    waiting: () => waiting.length,
    pass(ms: number) {
      nowMs += ms;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { run } of due) run();
    },
  };
}

const line = (atMs: number, count: number, reasons: string) => ({
  event: 'requests_refused',
  count,
  reasons,
  atMs,
});

test('the first refusal is logged at once, those of each following second together, by reason', () => {
  const { log, lines, pass, waiting } = start();
  log.add('The disk is full.');
  expect(lines).toEqual([line(0, 1, '1 times: The disk is full.')]);
  for (let request = 0; request < 5000; request++) log.add(request % 5 ? 'Too many.' : 'The disk is full.');
  expect(lines).toHaveLength(1);
  pass(999);
  expect(lines).toHaveLength(1);
  pass(1);
  expect(lines.slice(1)).toEqual([line(1000, 5000, '1000 times: The disk is full. 4000 times: Too many.')]);
  log.add('Too many.');
  pass(1000);
  expect(lines.slice(2)).toEqual([line(2000, 1, '1 times: Too many.')]);
  pass(1000);
  expect([lines.length, waiting()]).toEqual([3, 0]);
  pass(60_000);
  log.add('Too many.');
  expect(lines.slice(3)).toEqual([line(63_000, 1, '1 times: Too many.')]);
});

test('refusals beyond 20 reasons are counted as others', () => {
  const { log, lines, pass } = start();
  for (let kind = 0; kind < 1000; kind++) log.add(`Reason ${kind}.`);
  pass(1000);
  expect(lines[1]).toMatchObject({ count: 999 });
  expect(String(lines[1]!.reasons)).toEndWith('979 times: others');
});
