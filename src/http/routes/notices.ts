import { Elysia } from 'elysia';
import {
  type DigestWish,
  DigestWishBody,
  REFUSE_DIGEST,
  REFUSE_DIGEST_PATH,
  SAVE_DIGEST_WISH,
} from '../../api/digest.ts';
import {
  DEFAULT_NOTICES,
  LIST_NOTICES,
  MAX_NOTICES,
  NOTICE_PARAMETER_NAMES,
  type NoticesAnswer,
  renderNotice,
} from '../../api/notice.ts';
import type { Access } from '../../domain/access.ts';
import type { Caller } from '../../domain/caller.ts';
import { AppError } from '../../domain/errors.ts';
import type { RefusalLinks } from '../../domain/policy/refusal-link.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import { bodyCheck } from '../request/body-check.ts';
import { callerContext } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { describe } from '../response/operation.ts';

interface NoticeOptions {
  readonly store: Pick<PolicyStore, 'listNotices' | 'listDigestRefusals' | 'saveDigestWish'>;
  readonly links: RefusalLinks;
  readonly now: () => number;
}

const checkWish = bodyCheck(DigestWishBody);

/** What the path needs that links of mails lead to. */
export const DIGEST_ACCESS: ReadonlyMap<string, Access> = new Map([[REFUSE_DIGEST_PATH, 'public']]);

/** Shows users what policies told them, and takes whether they want the weekly digest. */
export const notices = ({ store, links, now }: NoticeOptions) =>
  new Elysia({ name: 'notices', normalize: false })
    .use(callerContext)
    .get(
      LIST_NOTICES.path,
      async ({ request, caller }): Promise<NoticesAnswer> => {
        const query = readQuery(request, NOTICE_PARAMETER_NAMES);
        const user = query.identity('user') ?? caller.identity!.name;
        requireOwn(caller, user);
        const limit = query.integer('limit', { min: 1, max: MAX_NOTICES, otherwise: DEFAULT_NOTICES });
        const before = query.optionalInteger('before', { min: 1, max: Number.MAX_SAFE_INTEGER });
        const page = {
          limit,
          audience: 'user',
          name: user,
          ...(before !== undefined && { before }),
        } as const;
        const found = await store.listNotices(page);
        const refusals = await store.listDigestRefusals();
        return { user, digest: !refusals.has(user), notices: found.map(renderNotice) };
      },
      { detail: describe(LIST_NOTICES) },
    )
    .post(
      SAVE_DIGEST_WISH.path,
      async ({ body, caller }): Promise<DigestWish> => {
        const { wanted } = checkWish(body);
        await store.saveDigestWish(caller.identity!.name, wanted, now());
        return { wanted };
      },
      { detail: describe(SAVE_DIGEST_WISH) },
    )
    .post(
      REFUSE_DIGEST.path,
      async ({ params: { link } }) => {
        const user = requireUser(links, link);
        await store.saveDigestWish(user, false, now());
        return page('No more digests', `<p>${WORDS.ended}</p>`);
      },
      { detail: describe(REFUSE_DIGEST) },
    );

/**
 * Serves the page with the button. Programs that look at the links of a mail only read it; a mail program
 * that ends a list with one click sends the POST itself.
 */
export const digestPage = ({ links }: Pick<NoticeOptions, 'links'>) =>
  new Elysia({ name: 'digest-page', normalize: false }).get(REFUSE_DIGEST_PATH, ({ params: { link } }) => {
    requireUser(links, link);
    return page(
      'End the weekly digest?',
      `<p>${WORDS.ask}</p><form method="post"><button>No more digests</button></form>`,
    );
  });

const WORDS = {
  ask: 'It tells each week what your jobs held and used. Notices about jobs that waste something still come.',
  ended: 'You get no further digest. <code>hpc-observe digest on</code> brings it back.',
};

/** Those who may see all jobs by their role see what others were told; the rest their own. */
function requireOwn({ identity, role }: Caller, user: string): void {
  if (identity!.name === user || role === 'admin' || role === 'viewer') return;
  throw new AppError('forbidden', 'Only administrators see what others were told.');
}

function requireUser(links: RefusalLinks, link: string): string {
  const user = links.read(link);
  if (user !== undefined) return user;
  throw new AppError('not_found', 'This link is not complete. Copy all of it from the mail.');
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE =
  'body{font:16px/1.5 sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}' +
  'button{font:inherit;padding:.5rem 1rem}:root{color-scheme:light dark}';

/** A page without anything of the user in it. */
const page = (title: string, body: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
      `<meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style>` +
      `<h1>${title}</h1>${body}</html>`,
    {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'referrer-policy': 'no-referrer',
      },
    },
  );
