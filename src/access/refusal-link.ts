import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIdentity } from '../domain/identity.ts';
import type { RefusalLinks } from '../domain/policy/refusal-link.ts';

/** 128 bits of a signature cannot be guessed. */
const SIGNATURE_BYTES = 16;

/** Creates links that are good for one thing, for ever, with a secret of the database. */
export function refusalLinks(secret: string): RefusalLinks {
  const signatureOf = (user: string): Buffer =>
    createHmac('sha256', secret).update(`digest\0${user}`).digest().subarray(0, SIGNATURE_BYTES);
  return {
    sign: (user) => `${Buffer.from(user).toString('base64url')}.${signatureOf(user).toString('base64url')}`,
    read(text) {
      const [, name, signature] = /^([\w-]{1,1400})\.([\w-]{22})$/.exec(text) ?? [];
      if (name === undefined || signature === undefined) return undefined;
      const user = Buffer.from(name, 'base64url').toString();
      if (!isIdentity(user)) return undefined;
      return timingSafeEqual(Buffer.from(signature, 'base64url'), signatureOf(user)) ? user : undefined;
    },
  };
}
