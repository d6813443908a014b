import { refuseCredential } from '../domain/errors.ts';

/**
 * Returns what a request shows as `Authorization: Bearer`; undefined without one. Throws `unauthorized` if
 * the header is broken, also for two headers, which are joined with a comma.
 */
export function readBearer(request: Request): string | undefined {
  const header = request.headers.get('authorization');
  if (header === null || !/^bearer(\s|$)/i.test(header)) return undefined;
  const [, secret] = /^bearer +([\w-]+) *$/i.exec(header) ?? [];
  if (secret === undefined)
    throw refuseCredential('token_malformed', 'Authorization: Bearer needs one token, and nothing after it.');
  return secret;
}
