import { expect, test } from 'bun:test';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { openSpool, type Spool } from '../../src/agent/spool.ts';
import { temporaryFolder } from '../help/folder.ts';

const batch = (letter: string, bytes = 10) => new TextEncoder().encode(letter.repeat(bytes));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)[0];

/** Takes all batches out, oldest first. */
function drain(spool: Spool): string {
  let letters = '';
  for (let next = spool.first(); next; next = spool.first()) {
    letters += textOf(next.bytes);
    spool.remove(next.number);
  }
  return letters;
}

test('batches come out in the order in which they came, also after a restart', () => {
  using folder = temporaryFolder();
  const options = { folder: folder.file('spool'), maxBytes: 1000 };
  const spool = openSpool(options);
  for (const letter of 'abc') spool.add(batch(letter));
  spool.remove(spool.first()!.number);
  const again = openSpool(options);
  again.add(batch('d'));
  expect(again.state()).toEqual({ batches: 3, bytes: 30, dropped: 0 });
  expect(drain(again)).toBe('bcd');
  expect(again.state()).toEqual({ batches: 0, bytes: 0, dropped: 0 });
  expect(readdirSync(folder.file('spool'))).toEqual([]);
});

test('without room the oldest batches are dropped and counted', () => {
  using folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 35 });
  for (const letter of 'abcde') spool.add(batch(letter));
  expect(spool.state()).toEqual({ batches: 3, bytes: 30, dropped: 2 });
  expect(drain(spool)).toBe('cde');
});

test('a batch that is larger than the spool is dropped, and not the others for it', () => {
  using folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 35 });
  spool.add(batch('a'));
  spool.add(batch('b', 36));
  expect(spool.state()).toEqual({ batches: 1, bytes: 10, dropped: 1 });
  expect(drain(spool)).toBe('a');
});

test('what a kill left half-written is deleted, and foreign files stay', () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('000000000007.batch.new'), 'half');
  writeFileSync(folder.file('README'), 'mine');
  const spool = openSpool({ folder: folder.path, maxBytes: 1000 });
  expect([spool.first(), readdirSync(folder.path)]).toEqual([undefined, ['README']]);
});

test('a batch that somebody deleted is counted as dropped, and the next one comes', () => {
  using folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 1000 });
  for (const letter of 'ab') spool.add(batch(letter));
  rmSync(folder.file('000000000001.batch'));
  expect(textOf(spool.first()!.bytes)).toBe('b');
  expect(spool.state()).toEqual({ batches: 1, bytes: 10, dropped: 1 });
});
