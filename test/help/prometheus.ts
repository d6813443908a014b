import { mkdirSync, writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';

/** A series: its value, and its labels without those that the scrape adds. */
interface Series {
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Starts Prometheus on a free port with a configuration file of this text. */
export async function startPrometheus(config: string) {
  const folder = temporaryFolder();
  mkdirSync(folder.file('data'));
  writeFileSync(folder.file('prometheus.yml'), config);
  const child = Bun.spawn(
    [
      'prometheus',
      `--config.file=${folder.file('prometheus.yml')}`,
      `--storage.tsdb.path=${folder.file('data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { cwd: folder.path, stdout: 'ignore', stderr: 'pipe' },
  );
  let log = '';
  const { promise: listening, resolve: listens } = Promise.withResolvers<string | undefined>();
  const reading = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += chunk;
      const address = /Listening on" address=(127\.0\.0\.1:[1-9]\d*)/.exec(log)?.[1];
      if (address && log.includes('Server is ready')) listens(address);
    }
    listens(undefined);
  })();
  const address = await listening;
  if (!address) throw new Error(`Prometheus did not start:\n${log}`);
  const get = async <Data>(path: string): Promise<Data> => {
    const answer = (await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { data: Data };
    return answer.data;
  };
  return {
    targets: async () =>
      (await get<{ activeTargets: { health: string; lastError: string }[] }>('targets')).activeTargets,
    rules: async () =>
      (await get<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>('rules'))
        .groups,
    async query(expression: string): Promise<Series[]> {
      const { result } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
        `query?query=${encodeURIComponent(expression)}`,
      );
      if (!result) throw new Error(`Prometheus refuses ${expression}`);
      return result.map(({ metric: { __name__, job, instance, ...labels }, value }) => ({
        labels,
        value: Number(value[1]),
      }));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
      await reading;
      folder[Symbol.dispose]();
    },
  };
}

/** Calls `ask` until it returns a value, for at most 20 seconds unless `mostMs` is given. */
export async function until<Value>(ask: () => Promise<Value | undefined>, mostMs = 20_000): Promise<Value> {
  const endMs = Date.now() + mostMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (Date.now() > endMs) throw new Error(`There was no value within ${mostMs / 1000} seconds.`);
    await Bun.sleep(200);
  }
}
