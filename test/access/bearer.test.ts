import { expect, test } from 'bun:test';
import { readBearer } from '../../src/access/bearer.ts';
import { CredentialRefused } from '../../src/domain/errors.ts';

const read = (...values: string[]) => {
  const headers = new Headers();
  for (const value of values) headers.append('authorization', value);
  return readBearer(new Request('http://localhost/v1/jobs', { headers }));
};

test('the token of the header is read, however its scheme is written', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect(read(`${scheme} hpo_abc`)).toBe('hpo_abc');
  expect(read('Bearer   hpo_abc ')).toBe('hpo_abc');
});

test('no header, and another scheme, are no token', () => {
  expect(read()).toBeUndefined();
  expect(read('Munge abc')).toBeUndefined();
  expect(read('Basic abc')).toBeUndefined();
  expect(read('Bearerer abc')).toBeUndefined();
});

test.each([
  ['nothing after the scheme', ['Bearer']],
  ['a tab', ['Bearer\thpo_abc']],
  ['two words', ['Bearer hpo_abc hpo_def']],
  ['odd characters', ['Bearer hpo_abc"']],
  ['two headers', ['Bearer hpo_abc', 'Bearer hpo_abc']],
  ['two headers of different schemes', ['Bearer hpo_abc', 'Munge abc']],
])('a header with %s is refused, and the message does not repeat it', (_, values) => {
  try {
    read(...values);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(CredentialRefused);
    expect(error).toMatchObject({ code: 'unauthorized', reason: 'token_malformed' });
    expect((error as Error).message).not.toContain('abc');
  }
});

test('a header of 16 KiB is read in no time', () => {
  const startedMs = performance.now();
  for (const long of [`Bearer ${' '.repeat(16_000)}"`, `Bearer ${'a '.repeat(8000)}`])
    expect(() => read(long)).toThrow(CredentialRefused);
  expect(performance.now() - startedMs).toBeLessThan(50);
});
