import { $ } from 'bun';

/** A user of this machine, who is deleted at the end of the scope. Needs root. */
export async function createUser(name: string) {
  // A password that fits nothing: with a locked account sshd lets nobody in.
  await $`useradd --create-home --shell /bin/sh --password '*' ${name}`.quiet();
  const uid = Number((await $`id -u ${name}`.text()).trim());
  return {
    name,
    uid,
    /** A command line that runs `command` as this user. */
    run: (...command: string[]) => [
      'setpriv',
      '--reuid',
      String(uid),
      '--regid',
      String(uid),
      '--clear-groups',
      '--',
      ...command,
    ],
    async [Symbol.asyncDispose]() {
      // Connections of sshd may still be ending.
      for (let tries = 0; tries < 20; tries++) {
        const { exitCode } = await $`userdel --remove --force ${name}`.quiet().nothrow();
        if (exitCode === 0 || exitCode === 6) return;
        await Bun.sleep(100);
      }
    },
  };
}
