import { chmodSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { type Daemon, startDaemon } from './daemon.ts';
import { temporaryFolder } from './folder.ts';
import { testWith } from './tool.ts';

/** `test` where MUNGE is installed. */
export const testWithMunge = testWith(['munge', 'munged', 'unmunge']);

/** Starts a munged with a key and a socket of its own, and stops it at the end of the scope. */
export async function startMunge() {
  const folder = temporaryFolder();
  const { file } = folder;
  // Other users connect to the socket.
  chmodSync(folder.path, 0o755);
  const socket = file('socket');
  const env = { PATH: process.env.PATH! };
  let running: Daemon | undefined;

  function newKey(): void {
    writeFileSync(file('key'), crypto.getRandomValues(new Uint8Array(1024)), { mode: 0o600 });
  }

  async function start(): Promise<void> {
    running = await startDaemon({
      command: [
        'munged',
        '--foreground',
        '--force',
        `--key-file=${file('key')}`,
        `--socket=${socket}`,
      ].concat(`--pid-file=${file('pid')}`, `--log-file=${file('log')}`, `--seed-file=${file('seed')}`),
      env,
      log: file('log'),
      probe: ['munge', '--no-input', `--socket=${socket}`],
    });
  }

  newKey();
  await start();
  return {
    socket,
    start,
    newKey,
    stop: async () => running?.stop(),
    /** Returns a credential; a user other than one's own needs root. */
    encode: async (payload: string, ...options: readonly string[]): Promise<string> =>
      (await $`munge --socket=${socket} --string ${payload} ${options}`.env(env).text()).trim(),
    async [Symbol.asyncDispose]() {
      await running?.kill();
      folder[Symbol.dispose]();
    },
  };
}
