import type { Caller, Identity, Proof } from './caller.ts';

const PROOFS: Record<Proof, (identity: Identity) => string> = {
  open: () => 'The service is open to everybody (--open)',
  kernel: (identity) =>
    `The kernel of this machine says that the connection belongs to ${describe(identity)}`,
  munge: (identity) => `A MUNGE credential proves ${describe(identity)}`,
  token: ({ name }) => `The request shows the token ${name}`,
  certificate: ({ name }) => `The TLS certificate of the client names ${name}`,
  proxy: ({ name }) => `A trusted proxy names ${name}`,
  oidc: ({ name }) => `The identity provider names ${name}`,
};

const describe = ({ name, uid }: Identity): string => (uid === undefined ? name : `${name}, uid ${uid}`);

/** Returns in one sentence how the service knows who sends a request, or what to do if it does not. */
export function explainCaller({ identity }: Caller): string {
  if (!identity) return NOBODY_KNOWN;
  const proof = PROOFS[identity.proof](identity);
  return identity.session ? `${proof}; a session remembers it.` : `${proof}.`;
}

const NOBODY_KNOWN =
  'Nothing in the request says who sends it, and the kernel does not know it: send a token (hpc-observe token ' +
  'create), a MUNGE credential or a session, or ask on the machine of the service.';
