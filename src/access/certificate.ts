import type { Role } from '../domain/caller.ts';
import type { Way } from './way.ts';

/**
 * The way of programs with a certificate of the authority for clients. Bun 1.4.5 checks certificates, but
 * does not say whose they are, so that all have one name and one role.
 */
export const certificateWay =
  (role: Role): Way =>
  ({ peer }) =>
    peer?.kind === 'tcp' && peer.hasCertificate
      ? { name: 'client-certificate', proof: 'certificate', isLocal: false, role }
      : undefined;
