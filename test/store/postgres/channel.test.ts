import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { changeCollector } from '../../../src/domain/changes.ts';
import { readMessage, writeChanges } from '../../../src/store/postgres/writer/channel.ts';

/** Ids have 1 to 256 characters, of any kind but control characters. */
const id = fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme' });

test('changes of any names arrive as they were told, in payloads that PostgreSQL takes', () => {
  fc.assert(
    fc.property(
      fc.array(id),
      fc.array(id),
      fc.array(id),
      fc.boolean(),
      (jobs, measured, measuredRuns, nodes) => {
        const told = changeCollector();
        told.add({ jobs, measured, measuredRuns, nodes });
        const sent = told.take();
        const payloads = writeChanges(sent);
        for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8000);
        const heard = changeCollector();
        for (const payload of payloads) heard.add(readMessage(payload)!.change!);
        expect(heard.take()).toEqual(sent);
      },
    ),
    { numRuns: 200 },
  );
});

test('a burst of the longest names is cut into payloads', () => {
  const jobs = new Set(Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(256, '"')));
  const payloads = writeChanges({ jobs, measured: new Set(), measuredRuns: new Set(), nodes: false });
  expect(payloads.length).toBeGreaterThan(50);
  expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8000);
  expect(new Set(payloads.flatMap((payload) => [...readMessage(payload)!.change!.jobs!]))).toEqual(jobs);
});

test.each(['', 'x', 'null', '[]', '1', '{"change":5}', '{"change":{"jobs":"a"}}', '{"change":{"jobs":[1]}}'])(
  'the payload %p of another program changes nothing',
  (payload) => {
    const heard = changeCollector();
    heard.add(readMessage(payload)?.change ?? {});
    expect(heard.isEmpty()).toBe(true);
    expect(readMessage(payload)?.access ?? false).toBe(false);
  },
);
