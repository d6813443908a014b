import { expect, test } from 'bun:test';
import { startSender } from '../../src/agent/sender.ts';
import { openSpool } from '../../src/agent/spool.ts';
import type { Refusal } from '../../src/domain/store/batch.ts';
import { temporaryFolder } from '../help/folder.ts';

class Refused extends Error {}

/** A sender whose service answers each batch with `answer`. */
function sending(answer: (text: string) => Promise<number> | number, error: Refusal['error'] = 'conflict') {
  const clock = { ms: 0 };
  const folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 10_000 });
  const sent: string[] = [];
  const waits: unknown[] = [];
  const told: string[] = [];
  const sender = startSender({
    spool,
    async send(bytes) {
      const text = new TextDecoder().decode(bytes);
      const refused = await answer(text);
      sent.push(text);
      const refusals = refused > 0 ? [{ index: 0, error, message: 'No.' }] : [];
      return { stored: 1, repeated: 0, refused, refusals };
    },
    isLasting: (error) => error instanceof Refused,
    monotonicMs: () => clock.ms,
    random: () => 0,
    warn: (event, { waitSeconds }) =>
      void (waitSeconds === undefined ? told.push(event) : waits.push(waitSeconds)),
  });
  return {
    clock,
    sender,
    spool,
    sent,
    waits,
    told,
    add(...texts: string[]) {
      for (const text of texts) spool.add(new TextEncoder().encode(text));
      sender.wake();
    },
    async until(condition: () => boolean) {
      const endMs = performance.now() + 10_000;
      while (!condition() && performance.now() < endMs) await Bun.sleep(5);
      expect(condition()).toBe(true);
    },
    async [Symbol.asyncDispose]() {
      await sender.stop();
      folder[Symbol.dispose]();
    },
  };
}

test('batches are sent in order, and leave the spool when they were acknowledged', async () => {
  await using one = sending(() => 0);
  one.add('a', 'b', 'c');
  await one.until(() => one.spool.state().batches === 0);
  expect(one.sent).toEqual(['a', 'b', 'c']);
  expect(one.sender.counts()).toEqual({ sent: 3, failures: 0, refused: 0, refusedRows: 0 });
});

test('a long outage is caught up with in runs of twenty batches', async () => {
  await using one = sending(() => 0);
  const texts = Array.from({ length: 45 }, (_, index) => String(index));
  one.add(...texts);
  await one.until(() => one.spool.state().batches === 0);
  expect(one.sent).toEqual(texts);
});

test('a batch that was not acknowledged stays, and is the first one again', async () => {
  let isAway = true;
  await using one = sending(() => {
    if (isAway) throw new Error('no answer');
    return 0;
  });
  one.add('a');
  await one.until(() => one.waits.length === 1);
  expect([one.sent, one.spool.state().batches]).toEqual([[], 1]);
  isAway = false;
  one.add('b');
  await one.until(() => one.spool.state().batches === 0);
  expect(one.sent).toEqual(['a', 'b']);
  expect(one.sender.counts()).toEqual({ sent: 2, failures: 1, refused: 0, refusedRows: 0 });
});

test('while the service is away the waits grow, and waking does not shorten them', async () => {
  await using one = sending(() => Promise.reject(new Error('no answer')));
  one.add('a');
  await one.until(() => one.waits.length === 1);
  for (let times = 0; times < 20; times++) one.sender.wake();
  await Bun.sleep(100);
  expect(one.sender.counts().failures).toBe(1);
  await one.until(() => one.waits.length === 3);
  // Half of 1, 2 and 4 s, because the random number is 0.
  expect(one.waits).toEqual([1, 1, 2]);
});

test('a batch that is refused for ever is dropped, and the next one is sent', async () => {
  await using one = sending((text) => {
    if (text === 'bad') throw new Refused('never');
    return text === 'half' ? 2 : 0;
  });
  one.add('bad', 'half', 'good');
  await one.until(() => one.spool.state().batches === 0);
  expect(one.sent).toEqual(['half', 'good']);
  expect(one.sender.counts()).toEqual({ sent: 2, failures: 0, refused: 1, refusedRows: 2 });
});

test('a report that the service leaves out is warned of, and its batch leaves the spool', async () => {
  using folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 10_000 });
  const warned: unknown[] = [];
  const sender = startSender({
    spool,
    send: async () => ({ stored: 0, repeated: 0, refused: 0, refusals: [], reportError: 'report: no' }),
    isLasting: () => false,
    monotonicMs: () => 0,
    random: () => 0,
    warn: (event, { message }) => void warned.push([event, message]),
  });
  spool.add(new Uint8Array([1]));
  sender.wake();
  while (spool.state().batches > 0) await Bun.sleep(5);
  await sender.stop();
  expect(warned).toEqual([['report_refused', 'report: no']]);
});

test('a batch with a job that the service does not know yet is sent again, and does not hold up others', async () => {
  let isKnown = false;
  await using one = sending((text) => (text === 'new job' && !isKnown ? 1 : 0), 'not_found');
  one.add('new job', 'a');
  await one.until(() => one.sent.length === 2);
  expect([one.spool.state().batches, one.told]).toEqual([1, []]);
  one.clock.ms = 29_000;
  one.add('b');
  await one.until(() => one.sent.length === 3);
  isKnown = true;
  one.clock.ms = 30_000;
  one.sender.wake();
  await one.until(() => one.spool.state().batches === 0);
  expect(one.sent).toEqual(['new job', 'a', 'b', 'new job']);
  expect(one.sender.counts()).toMatchObject({ sent: 3, refusedRows: 0 });
});

test('a job that is not known after three minutes is refused, and that is told once', async () => {
  await using one = sending(() => 1, 'not_found');
  one.add('a');
  for (let sent = 1; sent <= 7; sent++) {
    await one.until(() => one.sent.length === sent);
    one.clock.ms += 30_000;
    one.sender.wake();
  }
  await one.until(() => one.spool.state().batches === 0);
  expect([one.sent.length, one.told]).toEqual([7, ['samples_refused']]);
  expect(one.sender.counts()).toMatchObject({ sent: 1, refusedRows: 1 });
});

test('a batch that was sent too early and then dropped for others is not waited for', async () => {
  await using one = sending(() => 1, 'not_found');
  one.add('early');
  await one.until(() => one.sent.length === 1);
  // Somebody deleted its file, or there was no room for it.
  one.spool.remove(one.spool.first()!.number);
  one.clock.ms = 30_000;
  one.sender.wake();
  await one.until(() => one.sender.state().runs >= 2);
  await Bun.sleep(100);
  expect(one.sender.state().runs).toBeLessThan(5);
});
