import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { coalesce, type Snapshot, takeSnapshot, unpack } from '../../src/push/snapshot.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (snapshot: Snapshot) => new TextDecoder().decode(await unpack(snapshot));
const take = (text: string, timeMs: number) => takeSnapshot(bytes(text), timeMs);

test('a snapshot has the type of each family, and each sample with its time', async () => {
  const snapshot = await take(
    '# HELP a What a is\n# TYPE a gauge\na{x="é \\" } 1"} 2\n\n# TYPE b counter\nb 3.5\n',
    1000,
  );
  expect(snapshot).toMatchObject({ timeMs: 1000, samples: 2 });
  expect(await textOf(snapshot)).toBe(
    '# TYPE a gauge\na{x="é \\" } 1"} 2 1000\n# TYPE b counter\nb 3.5 1000\n',
  );
});

test('two snapshots are the newer one, and the last values of what only the older one has', async () => {
  const older = await take('# TYPE a gauge\na{job="1 2"} 5\na{job="2"} 6\n# TYPE b gauge\nb 1\n', 1000);
  const newer = await take('# TYPE a gauge\na{job="2"} 7\n# TYPE b gauge\nb 2\n', 2000);
  const both = await coalesce(older, newer);
  expect(both).toMatchObject({ timeMs: 2000, samples: 3 });
  expect(await textOf(both)).toBe(
    '# TYPE a gauge\na{job="2"} 7 2000\n# TYPE b gauge\nb 2 2000\n# TYPE a gauge\na{job="1 2"} 5 1000\n',
  );
});

test('however snapshots are merged, each series has its newest sample and no other', async () => {
  const snapshots = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 9 })), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(snapshots, async (series) => {
      const newest = new Map<number, number>();
      let merged: Snapshot | undefined;
      for (const [index, ids] of series.entries()) {
        for (const id of ids) newest.set(id, index);
        const next = await take(
          `# TYPE a gauge\n${ids.map((id) => `a{id="${id}"} ${index}\n`).join('')}`,
          index,
        );
        merged = merged ? await coalesce(merged, next) : next;
      }
      const samples = [...(await textOf(merged!)).matchAll(/^a\{id="(\d)"\} (\d+) (\d+)$/gm)];
      expect(merged!.samples).toBe(samples.length);
      const found = samples.map(([, id, value, timeMs]) => [Number(id), Number(value), Number(timeMs)]);
      expect(found.sort()).toEqual([...newest].map(([id, index]) => [id, index, index]).sort());
    }),
    { numRuns: 50 },
  );
});

test('a text of many pieces is cut between lines, also within a letter of several bytes', async () => {
  const lines = Array.from(
    { length: 5000 },
    (_, index) => `a{job="é${'ü'.repeat(index % 40)}${index}"} ${index}\n`,
  );
  const snapshot = await take(`# TYPE a gauge\n${lines.join('')}`, 7);
  expect(snapshot.samples).toBe(5000);
  expect(await textOf(snapshot)).toBe(
    `# TYPE a gauge\n${lines.map((line) => line.replace('\n', ' 7\n')).join('')}`,
  );
});
