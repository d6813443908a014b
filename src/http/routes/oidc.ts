import { Elysia } from 'elysia';
import { OIDC_ANSWER_PATH, OIDC_END_PATH, OIDC_START_PATH } from '../../api/oidc.ts';
import type { Access } from '../../domain/access.ts';
import { refuseCredential } from '../../domain/errors.ts';
import type { Sessions } from '../../domain/session.ts';
import { localPath, type SignInProvider } from '../../domain/sign-in.ts';
import { type Site, urlOf } from '../../domain/site.ts';
import { pendingCookie, readPending } from '../request/pending.ts';
import { searchOf } from '../request/query.ts';

interface OidcOptions {
  readonly provider: SignInProvider;
  readonly sessions: Sessions;
  readonly site: Site;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What the paths need that browsers open. */
export const OIDC_ACCESS: ReadonlyMap<string, Access> = new Map(
  [OIDC_START_PATH, OIDC_ANSWER_PATH, OIDC_END_PATH].map((path) => [path, 'public']),
);

const FIRST_PAGE = '/';

/** Signs browsers in at the identity provider of the site, and out there. */
export const oidc = ({ provider, sessions, site, now }: OidcOptions) => {
  const answerUrl = (request: Request) => `${urlOf(site, request.headers.get('host'))}${OIDC_ANSWER_PATH}`;
  const pathOf = (local: string) => `${site.basePath}${local}`;
  const cookie = pendingCookie({
    path: pathOf('/v1/oidc'),
    isSecure: site.isTls || (site.publicOrigin?.startsWith('https:') ?? false),
  });

  return new Elysia({ name: 'oidc', normalize: false })
    .get(OIDC_START_PATH, async ({ request }) => {
      const returnTo = localPath(new URLSearchParams(searchOf(request)).get('return_to') ?? FIRST_PAGE);
      const { url, pending } = await provider.start(answerUrl(request), returnTo, now());
      return redirect(url.href, [cookie.write(pending)]);
    })
    .get(OIDC_ANSWER_PATH, async ({ request }) => {
      const pending = readPending(request);
      if (!pending)
        throw refuseCredential(
          'sign_in_refused',
          'This browser has not started to sign in here, or too long ago. Start again.',
        );
      const answer = new URL(answerUrl(request));
      answer.search = searchOf(request);
      const identity = await provider.finish(answer, pending, now());
      // The cookie is the browser's own, so that its path is checked once more.
      const to = pathOf(localPath(pending.returnTo));
      return redirect(to, [await sessions.signIn(identity, request), cookie.clear]);
    })
    .get(OIDC_END_PATH, async ({ request }) => {
      const home = `${urlOf(site, request.headers.get('host'))}/`;
      return redirect((await provider.findSignOut(home))?.href ?? home, []);
    });
};

function redirect(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location });
  for (const cookie of cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}
