import { oidcClient, requireIssuer } from '../access/oidc.ts';
import { OperatorError } from '../domain/errors.ts';
import type { SignInProvider } from '../domain/sign-in.ts';
import type { Config } from '../settings/table.ts';

type OidcConfig = Pick<
  Config,
  'oidcIssuer' | 'oidcClientId' | 'oidcSecret' | 'oidcScopes' | 'oidcUserClaim' | 'oidcGroupClaim'
>;

/** Returns the identity provider of the settings; undefined if they name none. OperatorError if some lack. */
export function findProvider(config: OidcConfig): SignInProvider | undefined {
  const { oidcIssuer: issuer, oidcSecret: clientSecret } = config;
  if (issuer === null) return undefined;
  requireIssuer(issuer);
  if (clientSecret === null)
    throw new OperatorError(
      'OpenID Connect needs the secret of this service at the provider: write it to a file and name that with --oidc-secret-file.',
    );
  return oidcClient({
    issuer,
    clientId: config.oidcClientId,
    clientSecret,
    scopes: config.oidcScopes,
    userClaim: config.oidcUserClaim,
    groupClaim: config.oidcGroupClaim,
  });
}
