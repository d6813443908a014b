import { UsageError } from '../domain/errors.ts';
import { loadConfig, type Surroundings } from '../settings/load.ts';
import { flagOf, inputOf } from '../settings/setting.ts';
import { SETTINGS } from '../settings/table.ts';
import { defineCommand, type Input } from './command.ts';
import bash from './completion/hpc-observe.bash' with { type: 'text' };
import fish from './completion/hpc-observe.fish' with { type: 'text' };
import zsh from './completion/hpc-observe.zsh' with { type: 'text' };
import type { AskQuickly } from './completion/look-up.ts';
import { splitShellLine } from './completion/shell-line.ts';
import { findWanted } from './completion/wanted.ts';
import { SHELLS, type Shell, writeCandidates } from './completion/write.ts';
import { locateService, trustOf } from './connection.ts';
import { PROOF_SETTINGS } from './proof.ts';

const SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };
/** A person waits for the next letter. */
const PATIENCE_MS = 500;

export const completion = defineCommand({
  summary: 'Print what makes a shell complete commands, flags, filters and job ids',
  usage: ['completion bash|zsh|fish'],
  examples: [
    ['completion bash > /usr/share/bash-completion/completions/hpc-observe', 'For all users of bash'],
    ['completion zsh > /usr/share/zsh/vendor-completions/_hpc-observe', 'For all users of zsh'],
    ['completion fish > ~/.config/fish/completions/hpc-observe.fish', 'For yourself, in fish'],
  ],
  settings: [],
  flags: {
    line: { takes: 'TEXT', help: 'Print how a command line may go on, as the printed script asks' },
  },
  operands: ['SHELL'],
  choices: { SHELL: SHELLS },
  async run({ env, flags, operands, print, loadCommands }) {
    const shell = SHELLS.find((one) => one === operands[0]);
    if (!shell) throw new UsageError(`SHELL must be one of ${SHELLS.join(', ')}.`);
    const line = flags.get('line');
    print(line === undefined ? SCRIPTS[shell] : await completeLine(line, shell, { env, loadCommands }));
    return 0;
  },
});

/** Returns how a line may go on; nothing if that cannot be found out quickly. */
async function completeLine(
  line: string,
  shell: Shell,
  { env, loadCommands }: Pick<Input<never>, 'env' | 'loadCommands'>,
): Promise<string> {
  const { before, word, quote } = splitShellLine(line);
  const given = before.slice(1);
  const wanted = findWanted(given, word, await loadCommands());
  if (wanted.kind === 'files' || wanted.kind === 'folders') return `:${wanted.kind}\n`;
  if (wanted.kind === 'words') return writeCandidates(wanted.words, shell, { word, quote });
  const { lookUp } = await import('./completion/look-up.ts');
  return writeCandidates(await lookUp(wanted, quickAsker(given, env)), shell, { word, quote });
}

/** Asks the service that the line names, or else the usual one, for as long as a person waits. */
function quickAsker(given: readonly string[], env: Surroundings['env']): AskQuickly {
  return async (ask) => {
    try {
      const { lastingClient } = await import('./lasting-client.ts');
      const { readFileSync } = await import('node:fs');
      const surroundings = {
        args: placeFlags(given),
        env,
        readFile: (path: string) => readFileSync(path, 'utf8'),
      };
      const { config } = loadConfig(PROOF_SETTINGS, {}, surroundings);
      const options = { ...locateService(config), ...trustOf(config), timeoutMs: PATIENCE_MS, retries: 0 };
      const answer = lastingClient(config, options).then(ask);
      return await Promise.race([answer, Bun.sleep(PATIENCE_MS).then(() => undefined)]);
    } catch {
      // A completion has no place for messages; the command itself will say what is wrong.
      return undefined;
    }
  };
}

/** Returns the flags of a line that say where the service is and who asks. */
function placeFlags(given: readonly string[]): string[] {
  const names = new Set(['--config', ...PROOF_SETTINGS.map((key) => flagOf(inputOf(SETTINGS[key])))]);
  return given.flatMap((one, index) => {
    if (!names.has(one.split('=')[0]!)) return [];
    const next = given[index + 1];
    return one.includes('=') || next === undefined ? [one] : [one, next];
  });
}
