import { expect, test } from 'bun:test';
import type { Duty } from '../../src/domain/duty.ts';
import { createLog } from '../../src/log.ts';
import { dutyPart } from '../../src/service/duty.ts';
import type { Parts } from '../../src/service/parts.ts';

const log = createLog({ level: 'error', format: 'text', write: () => {}, now: () => 0 });

/** A service whose duty a test changes, with one part of work; `seen` has what became of that. */
function startDuty(first: Duty, { fails = () => false }: { fails?: () => boolean } = {}) {
  let duty = first;
  let tell = (_: Duty) => {};
  const seen: string[] = [];
  const failures: string[] = [];
  const part = dutyPart({
    store: {
      isShared: true,
      duty: () => duty,
      watchDuty(watcher) {
        tell = watcher;
        return () => void seen.push('unwatched');
      },
    },
    log,
    startWork: (parts: Parts) =>
      parts.start({
        name: 'work',
        stopWithinMs: 1000,
        async start() {
          await Bun.sleep(1);
          if (fails()) throw new Error('no work');
          seen.push('started');
        },
        stop: () => void seen.push('stopped'),
      }),
    onFailure: ({ message }) => void failures.push(message),
  });
  return {
    seen,
    failures,
    running: part.start(),
    become(next: Duty) {
      duty = next;
      tell(next);
    },
  };
}

test('work starts with the service that writes, and stops with it', async () => {
  const { running, seen } = startDuty('writer');
  const service = await running;
  expect(seen).toEqual(['started']);
  await service.stop();
  expect(seen).toEqual(['started', 'unwatched', 'stopped']);
});

test('a reader begins its work when it takes over, and a writer that lost the lock ends it', async () => {
  const { running, seen, become } = startDuty('reader');
  const service = await running;
  expect(seen).toEqual([]);
  for (const duty of ['writer', 'reader', 'writer'] as const) {
    become(duty);
    await Bun.sleep(10);
  }
  expect(seen).toEqual(['started', 'stopped', 'started']);
  await service.stop();
});

test('work never runs twice, and ends as the last duty says, however fast that changes', async () => {
  const { running, seen, become } = startDuty('reader');
  const service = await running;
  for (let round = 0; round < 20; round++) become(round % 2 === 0 ? 'writer' : 'reader');
  await Bun.sleep(20);
  expect(seen.filter((one) => one === 'started')).toHaveLength(
    seen.filter((one) => one === 'stopped').length,
  );
  expect(seen.join(' ')).not.toMatch(/started started|stopped stopped/);
  become('writer');
  become('reader');
  become('writer');
  await Bun.sleep(20);
  expect(seen.at(-1)).toBe('started');
  await service.stop();
  expect(seen.at(-1)).toBe('stopped');
});

test('work that cannot start ends a start, and is reported after a take-over', async () => {
  expect(
    await Promise.resolve(startDuty('writer', { fails: () => true }).running).catch(({ message }) => message),
  ).toBe('no work');
  const { running, failures, become } = startDuty('reader', { fails: () => true });
  const service = await running;
  become('writer');
  await Bun.sleep(10);
  expect(failures).toEqual(['no work']);
  await service.stop();
});
