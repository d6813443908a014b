// The paths that browsers open to sign in at the identity provider of the site.

export const OIDC_START_PATH = '/v1/oidc/sign-in';
export const OIDC_ANSWER_PATH = '/v1/oidc/callback';
export const OIDC_END_PATH = '/v1/oidc/sign-out';
