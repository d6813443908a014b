import { expect } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { $ } from 'bun';
import { EXECUTABLE, serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startOnTerminal } from '../help/terminal.ts';
import { testWith } from '../help/tool.ts';

const SHELLS: [shell: string, command: string[], setUp: string][] = [
  ['bash', ['bash', '--norc', '--noprofile', '-i'], 'source <(hpc-observe completion bash)'],
  ['zsh', ['zsh', '-f', '-i'], 'autoload -Uz compinit; compinit -u -D; source <(hpc-observe completion zsh)'],
  ['fish', ['fish', '--no-config', '--private'], 'hpc-observe completion fish | source'],
];

/** What is typed before Tab, and the words that the shell then runs. */
const LINES: [typed: string, words: string[]][] = [
  ['hpc-observe que', ['queue']],
  ['hpc-observe slurm im', ['slurm', 'import']],
  ['hpc-observe jobs --js', ['jobs', '--json']],
  ['hpc-observe serve --log-level w', ['serve', '--log-level', 'warn']],
  ["hpc-observe jobs --filter 'state:run", ['jobs', '--filter', 'state:running']],
  ['hpc-observe jobs --filter user:car', ['jobs', '--filter', 'user:carol']],
  ['hpc-observe job exp', ['job', 'experiment-77']],
  ['hpc-observe job --config setti', ['job', '--config', 'settings.toml']],
];

/** Completes with the executable; anything else prints its words, so that a test sees what a shell runs. */
const STAND_IN = `#!/bin/sh
[ "$1" = completion ] && exec ${EXECUTABLE} "$@"
for word; do printf '<%s>' "$word"; done
echo ' ran'
`;

for (const [shell, command, setUp] of SHELLS) {
  testWith([shell, 'setsid'])(`${shell} completes commands, flags, filters, job ids and files`, async () => {
    using folder = temporaryFolder();
    writeFileSync(folder.file('hpc-observe'), STAND_IN, { mode: 0o755 });
    writeFileSync(folder.file('settings.toml'), '');
    await using service = await serve();
    await fetch(`${service.url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'experiment-77', user: 'carol', nodes: ['n1'] }),
    });
    const env = {
      PATH: `${folder.path}:${process.env.PATH}`,
      HOME: folder.path,
      HPC_OBSERVE_SERVER: service.url,
    };
    await using terminal = startOnTerminal(command, { env, folder: folder.path, columns: 200 });
    const wrote = (pattern: RegExp) =>
      terminal.until(() => pattern.test(terminal.written()), String(pattern));
    terminal.type(`${setUp}; echo re''ady\r`);
    await wrote(/ready/);
    for (const [typed, words] of LINES) {
      // What is typed after Tab waits for the completion.
      terminal.type(`${typed}\t\r`);
      const ran = words.map((word) => `<${word}>`).join('');
      await wrote(new RegExp(`${ran.replaceAll('.', '\\.')} ran`));
    }
  });
}

testWith(['shellcheck'])('the completion for bash has no fault that shellcheck knows', async () => {
  const { exitCode, stdout } = await $`shellcheck --shell=bash src/cli/completion/hpc-observe.bash`
    .nothrow()
    .quiet();
  expect([exitCode, stdout.toString()]).toEqual([0, '']);
});
