import { Elysia } from 'elysia';
import {
  CREATE_LINK,
  END_SESSION,
  type EndedSessionsAnswer,
  type LinkAnswer,
  REVOKE_SESSIONS,
  renderSession,
  SIGN_IN_PATH,
  START_SESSION,
} from '../../api/session.ts';
import type { Access } from '../../domain/access.ts';
import { AppError, invalid } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { Sessions } from '../../domain/session.ts';
import { isFromTrustedPage, type Site, urlOf } from '../../domain/site.ts';
import { formatTime } from '../../domain/time.ts';
import { callerContext } from '../request/caller.ts';
import { searchOf } from '../request/query.ts';
import { describe } from '../response/operation.ts';

interface SessionOptions {
  readonly sessions: Sessions;
  readonly site: Site;
}

/** What the path needs that browsers open. */
export const SIGN_IN_ACCESS: ReadonlyMap<string, Access> = new Map([[SIGN_IN_PATH, 'public']]);

/** Starts, ends and revokes sessions. */
export const sessions = ({ sessions, site }: SessionOptions) =>
  new Elysia({ name: 'sessions', normalize: false })
    .use(callerContext)
    .post(
      START_SESSION.path,
      async ({ caller, set }) => {
        const started = await sessions.start(caller.identity!, caller.role);
        set.status = 201;
        return renderSession(started);
      },
      { detail: describe(START_SESSION) },
    )
    .delete(
      REVOKE_SESSIONS.path,
      async ({ request, caller }): Promise<EndedSessionsAnswer> => {
        const users = new URLSearchParams(searchOf(request)).getAll('user');
        const [user = ''] = users;
        if (users.length !== 1 || !isIdentity(user))
          throw invalid('user must be the name of one user, such as ?user=alice.');
        return { ended: await sessions.endAllOf(user, caller.identity!) };
      },
      { detail: describe(REVOKE_SESSIONS) },
    )
    .delete(
      END_SESSION.path,
      async ({ caller, set }) => {
        await sessions.end(caller.identity!);
        set.headers['set-cookie'] = sessions.clearCookie;
        set.status = 204;
      },
      { detail: describe(END_SESSION) },
    )
    .post(
      CREATE_LINK.path,
      ({ caller, request, set }): LinkAnswer => {
        const { secret, expiresMs } = sessions.createLink(caller.identity!);
        set.status = 201;
        const path = SIGN_IN_PATH.replace(':secret', secret);
        return { url: `${urlOf(site, request.headers.get('host'))}${path}`, expires: formatTime(expiresMs) };
      },
      { detail: describe(CREATE_LINK) },
    );

/** Signs in the browser that opens a link, and leads it to the first page. */
export const signIn = ({ sessions, site }: SessionOptions) =>
  new Elysia({ name: 'sign-in', normalize: false }).get(
    SIGN_IN_PATH,
    async ({ params: { secret }, request, set }) => {
      // What looks at a link before its user opens it should not use it up.
      if (request.method === 'HEAD') return '';
      refuseForeignPage(request, site);
      set.headers['set-cookie'] = await sessions.signIn(sessions.useLink(secret), request);
      set.status = 303;
      // Relative, so that it is right behind a proxy that adds a path.
      set.headers.location = '../../';
      return '';
    },
  );

/** A page of another site could sign its reader in as somebody else, who then sees what the reader does. */
function refuseForeignPage({ headers }: Request, site: Site): void {
  const sender = {
    host: headers.get('host'),
    origin: headers.get('origin'),
    fetchSite: headers.get('sec-fetch-site'),
  };
  if (isFromTrustedPage(site, sender)) return;
  throw new AppError(
    'forbidden',
    'A web page of another site led here. If you asked for this link, paste it into the address bar.',
  );
}
