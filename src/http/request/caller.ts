import { Elysia } from 'elysia';
import { RECEIVE_COMPLETION_BY_TOKEN } from '../../api/completion.ts';
import { OPERATIONS } from '../../api/operations.ts';
import { type Access, type AccessPolicy, judgeAccess } from '../../domain/access.ts';
import { type Caller, NOBODY, type Sight } from '../../domain/caller.ts';
import { AppError, CredentialRefused, unauthorized } from '../../domain/errors.ts';
import type { Sessions } from '../../domain/session.ts';
import type { DutyStore } from '../../domain/store/duty.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { withoutBase } from '../url.ts';
import { requireWriter } from './duty.ts';

/**
 * Finds out who sends a request; rejects with `unauthorized` if its credentials are not valid. `server` is
 * null without a socket. `pathToken` is a token in the path, of a route that takes one.
 */
export type Identify = (
  request: Request,
  server: Bun.Server<unknown> | null,
  pathToken?: string,
) => Caller | Promise<Caller>;

/** Gives handlers the `caller` of their request, whom `access` has found by then. */
export const callerContext = new Elysia({ name: 'caller' }).decorate('caller', NOBODY);

/** Returns what a caller may read; those who may read no job are refused before. */
export const viewOf = (store: ViewStore, caller: Caller): View => store.seenBy(sightOf(caller));

/** Returns what a caller may see, whom the route let read. */
export function sightOf({ sight }: Caller): Sight {
  if (sight === undefined) throw new Error('A caller without sight reached a read.');
  return sight;
}

interface AccessOptions {
  readonly identify: Identify;
  readonly policy: AccessPolicy;
  readonly sessions: Pick<Sessions, 'hasCookie' | 'clearCookie'>;
  /** What each route that is no operation needs, by its path; all take GET. */
  readonly others: ReadonlyMap<string, Access>;
  /** All routes are also served under this path. */
  readonly basePath: string;
  readonly duties: Pick<DutyStore, 'duty' | 'writerUrl'>;
}

/**
 * Lets only those callers through who may send a request, before its body is read, and writes only where they
 * can be stored.
 */
export const access = ({ identify, policy, sessions, others, basePath, duties }: AccessOptions) => {
  const needs = accessByRoute(others, basePath);

  /** Returns a promise only if the caller cannot be found out at once: it would cost as much as a session. */
  function requireAccess(context: Context): void | Promise<void> {
    // Identified before, when the body was about to be read.
    if (context.caller !== NOBODY) return;
    const { request, route } = context;
    const needed = accessOf(needs, request.method, route);
    // Nobody asks who wants what is for everyone; a bad credential is a fault on every other path.
    const found = needed === 'public' ? NOBODY : identifyBrowser(context);
    if (found instanceof Promise) return found.then((caller) => admit(context, needed, caller));
    admit(context, needed, found);
  }

  function admit(context: Context, needed: Access, caller: Caller): void {
    const judgement = judgeAccess(needed, caller, policy);
    if (judgement === 'unknown') throw unauthorized(HOW_TO_SIGN_IN);
    if (judgement === 'forbidden') throw forbidden(caller, needed);
    requireWriter(duties, context.request.method, withoutBase(context.route, basePath));
    context.caller = caller;
  }

  function identifyBrowser(context: Context): Caller | Promise<Caller> {
    const { request, server, route, params } = context;
    try {
      const found = identify(request, server, pathTokenOf(withoutBase(route, basePath), params));
      return found instanceof Promise ? found.catch((error) => clearCookie(context, error)) : found;
    } catch (error) {
      return clearCookie(context, error);
    }
  }

  /** Removes the cookie of a session that has ended, which the browser would send for ever, and throws. */
  function clearCookie({ request, set }: Context, error: unknown): never {
    const hasEnded = error instanceof CredentialRefused && error.reason === 'session_ended';
    if (hasEnded && sessions.hasCookie(request)) set.headers['set-cookie'] = sessions.clearCookie;
    throw error;
  }

  return new Elysia({ name: 'access' })
    .use(callerContext)
    .onParse({ as: 'global' }, (context) => requireAccess(context as unknown as Context))
    .onBeforeHandle({ as: 'global' }, (context) => requireAccess(context as unknown as Context));
};

interface Context {
  caller: Caller;
  readonly request: Request;
  readonly set: { readonly headers: Record<string, unknown> };
  readonly server: Bun.Server<unknown> | null;
  readonly route: string;
  /** Undefined for a route without parameters. */
  readonly params: Readonly<Record<string, string>> | undefined;
}

const pathTokenOf = (pattern: string, params: Context['params']): string | undefined =>
  pattern === RECEIVE_COMPLETION_BY_TOKEN.path ? params?.token : undefined;

const HOW_TO_SIGN_IN =
  'The caller is unknown. On the machine of the service the kernel names it; elsewhere send Authorization: Bearer with a ' +
  'token, or Authorization: Munge with a credential.';

const NEEDS: Record<Access, string> = {
  public: 'nothing',
  anyone: 'nothing',
  known: 'a role',
  health: 'to be allowed to read the health',
  metrics: 'the right to read all jobs (role viewer)',
  read: 'the right to read jobs',
  ingest: 'the role ingest',
  admin: 'the role admin',
};

const forbidden = ({ identity, role }: Caller, needed: Access) =>
  new AppError(
    'forbidden',
    `${identity!.name} ${role === undefined ? 'has no role' : `has the role ${role}`}; this request needs ${NEEDS[needed]}.`,
  );

type AccessByRoute = ReadonlyMap<string, Access>;

function accessByRoute(others: ReadonlyMap<string, Access>, basePath: string): AccessByRoute {
  const routes = [
    ...OPERATIONS.map(({ method, path, access }) => ({ method, path, access })),
    ...[...others].map(([path, access]) => ({ method: 'GET', path, access })),
  ];
  return new Map(
    ['', basePath].flatMap((base) =>
      routes.map(({ method, path, access }) => [`${method} ${base}${path}`, access] as const),
    ),
  );
}

/** A route without an entry is for nobody. */
function accessOf(needs: AccessByRoute, method: string, route: string): Access {
  const found = needs.get(`${method === 'HEAD' ? 'GET' : method} ${route}`);
  if (!found) throw new Error(`${method} ${route} declares no access.`);
  return found;
}
