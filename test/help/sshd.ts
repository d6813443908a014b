import { mkdirSync, writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { startDaemon } from './daemon.ts';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';

/** Where sshd wants an empty folder: sshd(8). */
const SEPARATION_FOLDER = '/run/sshd';

/** Starts an sshd with keys of its own, which lets root of this machine in as any user. */
export async function startSshd() {
  const folder = temporaryFolder();
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(SEPARATION_FOLDER, { recursive: true });
  for (const key of ['host', 'client']) await $`ssh-keygen -q -t ed25519 -N '' -f ${folder.file(key)}`;
  writeFileSync(
    folder.file('config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${folder.file('host')}`,
      `AuthorizedKeysFile ${folder.file('client.pub')}`,
      `PidFile ${folder.file('pid')}`,
      'StrictModes no',
      'UsePAM no',
      '',
    ].join('\n'),
  );
  // sshd reads the keys as the user who signs in.
  await $`chmod 755 ${folder.path}`;
  const daemon = await startDaemon({
    command: ['/usr/sbin/sshd', '-D', '-f', folder.file('config'), '-E', folder.file('log')],
    env: { PATH: process.env.PATH! },
    log: folder.file('log'),
    probe: ['sh', '-c', `ssh-keyscan -T 1 -p ${port} 127.0.0.1 2>&1 | grep -q ssh-ed25519`],
  });

  return {
    /** Forwards a free port of this machine as `ssh -L PORT:TO` does, and returns it. */
    async forward(user: string, to: string) {
      const [local] = (await freePorts(1)) as [number];
      const tunnel = await startDaemon({
        command: [
          ...['ssh', '-N', '-F', 'none', '-p', String(port), '-i', folder.file('client')],
          ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'],
          ...['-o', 'ExitOnForwardFailure=yes', '-E', folder.file('ssh.log')],
          ...['-L', `127.0.0.1:${local}:${to}`, `${user}@127.0.0.1`],
        ],
        env: { PATH: process.env.PATH! },
        log: folder.file('ssh.log'),
        probe: ['sh', '-c', `curl -s -o /dev/null http://127.0.0.1:${local}/v1/health`],
      });
      return { url: `http://127.0.0.1:${local}`, [Symbol.asyncDispose]: () => tunnel.stop() };
    },
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      folder[Symbol.dispose]();
    },
  };
}
