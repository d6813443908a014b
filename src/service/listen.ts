import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';

interface App {
  listen(options: Record<string, unknown>): unknown;
  readonly server: Bun.Server<unknown> | null;
}

/** Listens for requests. OperatorError, one sentence, when this machine does not allow it. */
export function listen(app: App, host: string, port: number): Bun.Server<unknown> {
  try {
    app.listen({ hostname: host, port, reusePort: false, maxRequestBodySize: Number.MAX_SAFE_INTEGER });
  } catch (error) {
    throw new OperatorError(explainListenError(host, port, error), { cause: error });
  }
  return app.server!;
}

/** Explains why the service cannot listen, and what to do about it. */
export function explainListenError(host: string, port: number, error: unknown): string {
  const { code = '' } = error as { code?: string };
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use. Stop the other program, or choose another --port.`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine. Choose one of its addresses with --host, or 0.0.0.0 for all of them.`;
    case 'EACCES':
      return (
        `This user may not listen on port ${port}: ports below 1024 are for root. Choose another --port, or give the ` +
        'service AmbientCapabilities=CAP_NET_BIND_SERVICE.'
      );
    case 'ENOENT':
    case 'ENOTFOUND':
    case 'EAI_NONAME':
    case 'DNS_ENOTFOUND':
      return `There is no host ${host}. Choose an address of this machine with --host.`;
    default:
      return `Cannot listen on ${host}, port ${port}: ${explainSystemError(error)}.`;
  }
}
