import { afterAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { OperatorError } from '../../src/domain/errors.ts';
import { readCertificate } from '../../src/service/certificate.ts';
import { certificates } from '../help/certificates.ts';

const made = certificates();
afterAll(() => made[Symbol.dispose]());
made.make('authority', { name: 'authority', days: 400 });
made.make('one', { name: 'one', days: 30 });
made.make('two', { name: 'two', by: 'authority', days: 200 });

const DAY_MS = 86_400_000;
const read = (cert: string, key: string, clientCa?: string) =>
  readCertificate({
    cert: made.file(cert),
    key: made.file(key),
    clientCa: clientCa === undefined ? undefined : made.file(clientCa),
  });

test('a certificate and its key are read, with the time when the first of the chain expires', () => {
  const inDays = (certificate: { expiresMs: number }) => (certificate.expiresMs - Date.now()) / DAY_MS;
  expect(inDays(read('one.crt', 'one.key'))).toBeCloseTo(30, 1);
  const chain = ['two.crt', 'authority.crt', 'one.crt'].map((file) => readFileSync(made.file(file), 'utf8'));
  made.write('chain.crt', `Comments are allowed.\n${chain.join('')}`);
  expect(inDays(read('chain.crt', 'two.key', 'authority.crt'))).toBeCloseTo(30, 1);
});

test('the digest differs if a file differs', () => {
  const digests = [
    read('one.crt', 'one.key'),
    read('two.crt', 'two.key'),
    read('two.crt', 'two.key', 'authority.crt'),
    read('one.crt', 'one.key'),
  ].map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(3);
  expect(digests[3]).toBe(digests[0]!);
});

made.write('empty.crt', '');
made.write('damaged.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
const half = readFileSync(made.file('one.crt'), 'utf8').slice(0, 300);
made.write('half.crt', half);
made.write('damaged.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');

test.each([
  ['missing.crt', 'one.key', undefined, 'missing.crt cannot be read: '],
  ['one.crt', 'missing.key', undefined, 'missing.key cannot be read: '],
  ['one.crt', 'one.key', 'missing.crt', 'missing.crt cannot be read: '],
  ['empty.crt', 'one.key', undefined, 'empty.crt has no certificate in PEM.'],
  ['half.crt', 'one.key', undefined, 'half.crt has no certificate in PEM.'],
  ['one.key', 'one.key', undefined, 'one.key has no certificate in PEM.'],
  ['damaged.crt', 'one.key', undefined, 'damaged.crt has a certificate that is damaged.'],
  ['one.crt', 'one.crt', undefined, 'one.crt has no private key in PEM'],
  ['one.crt', 'damaged.key', undefined, 'damaged.key has no private key in PEM'],
  ['one.crt', 'two.key', undefined, 'does not belong to the certificate'],
  ['one.crt', 'one.key', 'empty.crt', 'empty.crt has no certificate in PEM.'],
])('%s with %s and the authority %s is refused in a sentence', (cert, key, clientCa, message) => {
  const refused = () => read(cert, key, clientCa);
  expect(refused).toThrow(OperatorError);
  expect(refused).toThrow(message);
});
