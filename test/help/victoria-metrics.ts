import { existsSync } from 'node:fs';
import type { certificates } from './certificates.ts';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';
import { until } from './prometheus.ts';

/** That of Debian trixie, which `package-root` unpacks: the one of bookworm does not read OTLP. */
const PROGRAM = '/var/cache/hpc-observe-test/trixie-victoria-metrics/usr/bin/victoria-metrics';

/** The program, or what to do so that it is there. */
export const VICTORIA_METRICS = existsSync(PROGRAM)
  ? PROGRAM
  : 'VictoriaMetrics (test/help/package-root trixie victoria-metrics)';

/**
 * VictoriaMetrics on a free port, with TLS and the user `pusher` with the password `secret`. It can be killed
 * and started again on its data.
 */
export async function victoriaMetrics(tls: ReturnType<typeof certificates>) {
  const [port] = await freePorts(1);
  const folder = temporaryFolder();
  const url = `https://127.0.0.1:${port}`;
  let child: ReturnType<typeof Bun.spawn> | undefined;

  const request = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Basic ${btoa('pusher:secret')}` },
      tls: { rejectUnauthorized: false },
    });
  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await child?.exited;
  }

  return {
    url,
    request,
    kill,
    async start(): Promise<void> {
      child = Bun.spawn(
        [
          PROGRAM,
          `-storageDataPath=${folder.file('data')}`,
          `-httpListenAddr=127.0.0.1:${port}`,
          ...['-tls', `-tlsCertFile=${tls.file('vm.crt')}`, `-tlsKeyFile=${tls.file('vm.key')}`],
          ...['-httpAuth.username=pusher', '-httpAuth.password=secret', '-search.latencyOffset=0s'],
        ],
        { stdout: 'ignore', stderr: 'ignore' },
      );
      await until(async () => {
        const answer = await request('/health').catch(() => undefined);
        return answer?.ok ? true : undefined;
      });
    },
    /** Asks until an expression has a result: the labels and value of each series. */
    async find(expression: string): Promise<[labels: Record<string, string>, value: number][]> {
      return until(async () => {
        await request('/internal/force_flush');
        const answer = await request(`/api/v1/query?query=${encodeURIComponent(expression)}`);
        const { data } = (await answer.json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] };
        };
        const found = data.result.map(({ metric, value }): [Record<string, string>, number] => [
          metric,
          Number(value[1]),
        ]);
        return found.length > 0 ? found : undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      await kill();
      folder[Symbol.dispose]();
    },
  };
}
