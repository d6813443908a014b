import type { Identity } from '../domain/caller.ts';

/** Where a request came from. */
export type Peer = TcpPeer | UnixPeer;

export interface TcpPeer {
  readonly kind: 'tcp';
  readonly address: string;
  readonly port: number;
  /** The address and port of the listener; a wildcard address stands for any of this machine. */
  readonly listener: { readonly address: string; readonly port: number };
  /** Whether the client showed a certificate of the authority for clients. */
  readonly hasCertificate?: boolean;
  /** Asks the kernel whether the connection still exists, until the request is answered. */
  readonly isConnected: () => boolean;
}

/** Any program that may open the socket's file. */
export interface UnixPeer {
  readonly kind: 'unix';
  readonly path: string;
}

export interface Arrival {
  readonly request: Request;
  /** Undefined when a test calls the app without a socket. */
  readonly peer: Peer | undefined;
  /** A token in the path, on those routes that take one. */
  readonly pathToken?: string | undefined;
}

/**
 * One way to know who sends a request. Returns the proved name, or undefined if the request does not use this
 * way, or 'stranger' if no other way may be tried. Throws `unauthorized` if the request uses the way, but its
 * credential is not valid: no other way is tried then either.
 */
export type Way = (arrival: Arrival) => Found | Promise<Found>;

export type Found = Identity | 'stranger' | undefined;
