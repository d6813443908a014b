import { Elysia } from 'elysia';
import { AppError, quote } from '../../domain/errors.ts';
import { pathOf, shownPathOf } from '../url.ts';

/**
 * Answers 404 to a path with broken percent-encoding, which Elysia would pass to a route as a null parameter.
 */
export const percentEncoding = () =>
  new Elysia({ name: 'percent-encoding' }).onRequest(({ request }) => {
    if (!request.url.includes('%')) return;
    const { pathname } = pathOf(request);
    if (!isDecodable(pathname)) {
      throw new AppError(
        'not_found',
        `The path ${quote(shownPathOf(request))} is not percent-encoded UTF-8.`,
      );
    }
  });

function isDecodable(pathname: string): boolean {
  try {
    decodeURIComponent(pathname);
    return true;
  } catch {
    return false;
  }
}
