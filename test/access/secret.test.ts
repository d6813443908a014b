import { expect, test } from 'bun:test';
import {
  areSameHashes,
  createSecret,
  hashSecret,
  isSecret,
  SESSION_PREFIX,
  TOKEN_PREFIX,
} from '../../src/access/secret.ts';

test('a token is hpo_ and 42 digits of base 62, and each is another', () => {
  const tokens = Array.from({ length: 1000 }, () => createSecret(TOKEN_PREFIX));
  for (const token of tokens) {
    expect(token).toMatch(/^hpo_[0-9A-Za-z]{42}$/);
    expect(isSecret(TOKEN_PREFIX, token)).toBe(true);
  }
  expect(new Set(tokens).size).toBe(1000);
  // Each of the 36 random digits takes nearly all 62 values.
  for (let index = 4; index < 40; index++)
    expect(new Set(tokens.map((token) => token[index])).size).toBeGreaterThan(58);
});

test('the check digits are the CRC-32 of all before them in base 62', () => {
  // Computed with Python: zlib.crc32(b'hpo_' + b'A' * 36) is 1104081254, in base 62 as six digits.
  expect(isSecret(TOKEN_PREFIX, `hpo_${'A'.repeat(36)}1CibyA`)).toBe(true);
});

test('a secret with one other digit, two that changed places, or one too few or too many is not one', () => {
  const token = createSecret(TOKEN_PREFIX);
  for (let index = 0; index < token.length; index++) {
    const other = token[index] === 'x' ? 'y' : 'x';
    expect(isSecret(TOKEN_PREFIX, token.slice(0, index) + other + token.slice(index + 1))).toBe(false);
  }
  const swap = [...token].findIndex((digit, index) => index >= 4 && digit !== token[index + 1]);
  const swapped = `${token.slice(0, swap)}${token[swap + 1]}${token[swap]}${token.slice(swap + 2)}`;
  for (const wrong of [
    swapped,
    token.slice(0, -1),
    `${token}0`,
    '',
    'hpo_',
    ` ${token}`,
    token.toUpperCase(),
  ])
    expect(isSecret(TOKEN_PREFIX, wrong)).toBe(false);
});

test('a session is not a token, nor a token a session', () => {
  expect(isSecret(TOKEN_PREFIX, createSecret(SESSION_PREFIX))).toBe(false);
  expect(isSecret(SESSION_PREFIX, createSecret(TOKEN_PREFIX))).toBe(false);
  expect(isSecret(SESSION_PREFIX, createSecret(SESSION_PREFIX))).toBe(true);
});

test('the hash of a secret is its SHA-256', () => {
  // printf abc | sha256sum
  expect(hashSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('hashes are the same only if every digit is', () => {
  const hash = hashSecret('abc');
  expect(areSameHashes(hash, hashSecret('abc'))).toBe(true);
  expect(areSameHashes(hash, hashSecret('abd'))).toBe(false);
  for (let index = 0; index < hash.length; index++)
    expect(areSameHashes(hash, `${hash.slice(0, index)}x${hash.slice(index + 1)}`)).toBe(false);
  expect(areSameHashes(hash, `${hash}0`)).toBe(false);
});
