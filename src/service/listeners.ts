import { UsageError } from '../domain/errors.ts';
import { type Listener, parseListener } from '../settings/listener.ts';
import type { Config } from '../settings/table.ts';
import type { CertificateFiles } from './certificate.ts';

/** Whether a listener speaks TLS, and whether it then admits only clients with a certificate of their own. */
export type Security = 'plain' | 'tls' | 'client-certificates';

/** A place where the service listens. */
export interface Place {
  readonly listener: Listener;
  readonly security: Security;
}

type PlaceConfig = Pick<
  Config,
  'listen' | 'host' | 'port' | 'tlsCert' | 'tlsKey' | 'clientListen' | 'clientCa'
>;

/** Lists where the service listens: what --listen says, or --host and --port, and --client-listen. */
export function placesOf({ listen, host, port, tlsCert, clientListen }: PlaceConfig): Place[] {
  const listeners: Listener[] =
    listen.length > 0 ? listen.map((text) => parseListener(text)!) : [{ kind: 'tcp', host, port }];
  const isSecured = (listener: Listener) =>
    tlsCert !== null && listener.kind === 'tcp' && listener.isPlain !== true;
  return [
    ...listeners.map((listener) => ({ listener, security: isSecured(listener) ? 'tls' : 'plain' }) as const),
    ...clientListen.map(
      (text) => ({ listener: parseListener(text)!, security: 'client-certificates' }) as const,
    ),
  ];
}

/** Returns the files of TLS; undefined without TLS. Throws UsageError if one of them is missing. */
export function certificateFilesOf(config: PlaceConfig): CertificateFiles | undefined {
  const { tlsCert, tlsKey, clientListen, clientCa } = config;
  if ((tlsCert === null) !== (tlsKey === null))
    throw new UsageError('--tls-cert and --tls-key belong together: give both, or none.');
  if ((clientCa === null) !== (clientListen.length === 0))
    throw new UsageError('--client-ca and --client-listen belong together: give both, or none.');
  if (tlsCert === null || tlsKey === null) {
    if (clientCa !== null) throw new UsageError('--client-ca needs --tls-cert and --tls-key.');
    return undefined;
  }
  return { cert: tlsCert, key: tlsKey, clientCa: clientCa ?? undefined };
}
