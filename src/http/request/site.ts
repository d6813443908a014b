import { Elysia } from 'elysia';
import { AppError, quote } from '../../domain/errors.ts';
import { isFromTrustedPage, isOwnHost, mayRead, type Site } from '../../domain/site.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Browsers use only TLS from then on, for a year, and at every port of the name. */
const HSTS = { 'strict-transport-security': 'max-age=31536000' };

/** Refuses requests for a foreign host, and those that a foreign web page sends in the name of its reader. */
export const site = (where: Site) =>
  new Elysia({ name: 'site' }).headers(where.isTls ? HSTS : {}).onRequest(({ request }) => {
    const { headers, method } = request;
    const host = headers.get('host');
    if (where.checksNames && !isOwnHost(where, host)) throw misdirected(host);
    const fetchSite = headers.get('sec-fetch-site');
    const isRead = READS.has(method);
    // Programs send no such header.
    if (isRead && (fetchSite === null || method === 'OPTIONS')) return;
    const origin = headers.get('origin');
    const isAllowed = isRead
      ? mayRead(where, {
          origin,
          fetchSite,
          fetchMode: headers.get('sec-fetch-mode'),
          fetchDest: headers.get('sec-fetch-dest'),
        })
      : isFromTrustedPage(where, { host, origin, fetchSite });
    if (!isAllowed) throw foreignPage(origin, isRead ? 'read' : 'change');
  });

const misdirected = (host: string | null) =>
  new AppError(
    'misdirected_request',
    `${quote(host ?? '')} is no name of this service. Use an address or a name of its machine, or add the name with ` +
      '--public-url or --server-names.',
  );

const foreignPage = (origin: string | null, what: 'read' | 'change') =>
  new AppError(
    'forbidden',
    `A web page of ${origin === null ? 'another site' : quote(origin)} may not ${what} anything here. ` +
      'If it is trusted, name its origin with --cors-origin; if it is the service behind a proxy, with --public-url.',
  );
