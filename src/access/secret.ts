import { hash, randomInt, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

// A secret is a prefix, by which scanners find leaked ones, 36 random digits of base 62 (214 bits), and 6
// digits that are the CRC-32 of all before them, by which a typing error is told from a wrong secret.

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_DIGITS = 36;
const CHECK_DIGITS = 6;

export const TOKEN_PREFIX = 'hpo_';
export const SESSION_PREFIX = 'hpos_';
type Prefix = typeof TOKEN_PREFIX | typeof SESSION_PREFIX;

/** Returns a new secret. It is shown once; only its hash is stored. */
export function createSecret(prefix: Prefix): string {
  const random = Array.from({ length: RANDOM_DIGITS }, () => DIGITS[randomInt(DIGITS.length)]);
  const text = prefix + random.join('');
  return text + checkDigits(text);
}

/** Returns whether a text has the form of a secret with this prefix, its check digits included. */
export function isSecret(prefix: Prefix, text: string): boolean {
  if (text.length !== prefix.length + RANDOM_DIGITS + CHECK_DIGITS || !text.startsWith(prefix)) return false;
  return text.endsWith(checkDigits(text.slice(0, -CHECK_DIGITS)));
}

function checkDigits(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let count = 0; count < CHECK_DIGITS; count++) {
    digits = DIGITS[rest % DIGITS.length] + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

/**
 * Returns the SHA-256 of a secret in hexadecimal digits. A random secret cannot be guessed from it, so that
 * no slow hash is needed.
 */
export const hashSecret = (secret: string): string => hash('sha256', secret);

/** Compares two hashes in a time that does not depend on where they differ. */
export const areSameHashes = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
