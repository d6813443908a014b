import type { Configuration, IDToken } from 'openid-client';
import type { Identity } from '../domain/caller.ts';
import { AppError, OperatorError, refuseCredential } from '../domain/errors.ts';
import { createGate } from '../domain/gate.ts';
import { isIdentity } from '../domain/identity.ts';
import { SIGN_IN_MS, type SignInProvider } from '../domain/sign-in.ts';

/** A provider that does not answer within this time is not waited for. */
const TIMEOUT_SECONDS = 10;
const MAX_GROUPS = 1000;
/** Anybody can send codes that cost the provider a request each. */
const CODES_AT_ONCE = 8;
const WAITING_CODES = 64;

export interface OidcSettings {
  /** The provider's address, whose /.well-known/openid-configuration is read at the first sign-in. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: string;
  /** The claims of the ID token that have the user's name and groups. */
  readonly userClaim: string;
  readonly groupClaim: string;
}

/**
 * Lets people sign in at an OpenID Connect provider: authorization code flow with PKCE, state and nonce, and
 * the signature of the ID token checked.
 */
export function oidcClient(settings: OidcSettings): SignInProvider {
  let discovery: Promise<Client> | undefined;
  const gate = createGate({
    places: CODES_AT_ONCE,
    waiting: WAITING_CODES,
    message: 'Too many people sign in at the moment. Try again in a second.',
  });

  /** The provider is asked once; after a failure, again at the next sign-in. */
  function discover(): Promise<Client> {
    discovery ??= connect(settings).catch((cause) => {
      discovery = undefined;
      throw unreachable(settings, cause);
    });
    return discovery;
  }

  return {
    async start(redirectUri, returnTo, nowMs) {
      const { library, configuration } = await discover();
      const verifier = library.randomPKCECodeVerifier();
      const pending = {
        state: library.randomState(),
        nonce: library.randomNonce(),
        verifier,
        startedMs: nowMs,
        returnTo,
      };
      const url = library.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes,
        code_challenge: await library.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      });
      return { url, pending };
    },

    async finish(answer, { state, nonce, verifier, startedMs }, nowMs) {
      if (nowMs - startedMs > SIGN_IN_MS || nowMs < startedMs)
        throw refuseCredential('sign_in_refused', 'The sign-in took more than 10 minutes. Start it again.');
      const { library, configuration } = await discover();
      const leave = await gate.enter();
      const tokens = await library
        .authorizationCodeGrant(configuration, answer, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        .catch((cause) => {
          throw isNetworkError(cause)
            ? unreachable(settings, cause)
            : refuseCredential(
                'sign_in_refused',
                'The identity provider did not confirm the sign-in. Start it again.',
                cause,
              );
        })
        .finally(leave);
      return readClaims(tokens.claims()!, settings);
    },

    async findSignOut(returnTo) {
      const { library, configuration } = await discover();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return library.buildEndSessionUrl(configuration, { post_logout_redirect_uri: returnTo });
    },
  };
}

interface Client {
  readonly library: typeof import('openid-client');
  readonly configuration: Configuration;
}

async function connect({ issuer, clientId, clientSecret }: OidcSettings): Promise<Client> {
  // Loaded on first use: most sites have no provider, and the start would wait for it.
  const library = await import('openid-client');
  const server = new URL(issuer);
  const configuration = await library.discovery(server, clientId, clientSecret, undefined, {
    timeout: TIMEOUT_SECONDS,
    execute: [
      library.enableNonRepudiationChecks,
      ...(isLoopback(server) ? [library.allowInsecureRequests] : []),
    ],
  });
  return { library, configuration };
}

/** Nobody listens in on the way to this machine itself. */
const isLoopback = ({ hostname }: URL): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);

/** OperatorError unless the issuer may be used: https, or http on this machine. */
export function requireIssuer(issuer: string): void {
  const url = URL.parse(issuer);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return;
  throw new OperatorError(`--oidc-issuer must be an https:// address, not ${JSON.stringify(issuer)}.`);
}

/** Reads the name and the groups of an ID token. Throws `unauthorized` if it has no usable name. */
export function readClaims(
  claims: Pick<IDToken, string>,
  { userClaim, groupClaim }: Pick<OidcSettings, 'userClaim' | 'groupClaim'>,
): Identity {
  const name = claims[userClaim];
  if (typeof name !== 'string' || !isIdentity(name))
    throw refuseCredential(
      'sign_in_refused',
      `The identity provider sent no user name in the claim ${userClaim}. Set --oidc-user-claim, or have it add the claim.`,
    );
  const groups = claims[groupClaim];
  const list = Array.isArray(groups) ? groups : typeof groups === 'string' ? [groups] : [];
  const names = list.filter((group) => typeof group === 'string' && isIdentity(group)).slice(0, MAX_GROUPS);
  return {
    name,
    proof: 'oidc',
    isLocal: false,
    ...(names.length > 0 && { groups: names as string[] }),
  };
}

const unreachable = ({ issuer }: OidcSettings, cause: unknown) =>
  new AppError(
    'unavailable',
    `The identity provider ${issuer} cannot be reached or does not answer as one. Try again later.`,
    { cause },
  );

/** Whether the provider could not be asked, in contrast to one that refused. */
const isNetworkError = (error: unknown): boolean => {
  const { code = '', name = '' } = error as { code?: string; name?: string };
  return (
    name === 'TypeError' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT' || /^E[A-Z]+$/.test(code)
  );
};
