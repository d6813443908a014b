import { readFilter } from '../api/filter-text.ts';
import { MAX_WASTE_ROWS, WASTE_AMOUNTS } from '../api/waste.ts';
import { UsageError } from '../domain/errors.ts';
import { RESOURCES, WASTE_GROUPS } from '../domain/waste.ts';
import { renderWasteText } from '../report/waste-text.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { PROOF_SETTINGS } from './proof.ts';
import { paperOf } from './terminal.ts';

const DEFAULT_ROWS = 20;

export const waste = defineCommand({
  summary: 'Print who held what they did not use, those that wasted most first',
  usage: ['waste [--by GROUP] [--since TIME] [--until TIME] [--json] [settings]'],
  examples: [
    ['waste', 'The users whom you may see, over the last 30 days'],
    ['waste --by account --since 7d --sort cpu', 'Who wasted most CPU hours in a week'],
    ['waste --by node --json', 'For programs: the answer of GET /v1/waste'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    by: { takes: 'GROUP', help: `What the rows are of: ${listOf(WASTE_GROUPS)}; user if left out` },
    sort: { takes: 'NAME', help: `Which waste comes first: ${listOf(RESOURCES)}; gpu if left out` },
    since: {
      takes: 'TIME',
      help: 'Only jobs that ended since: 7d ago, or a time such as 2026-01-20; 30d if left out',
    },
    until: { takes: 'TIME', help: 'Only jobs that ended before' },
    limit: { takes: 'NUMBER', help: `Most rows to print; ${DEFAULT_ROWS} if left out` },
    json: { help: 'Print JSON: the answer of GET /v1/waste' },
  },
  async run({ config, env, flags, print }) {
    const nowMs = Date.now();
    const query = {
      group_by: requireChoice('--by', flags.get('by') ?? 'user', WASTE_GROUPS),
      sort: WASTE_AMOUNTS[requireChoice('--sort', flags.get('sort') ?? 'gpu', RESOURCES)],
      limit: readLimit(flags.get('limit')),
      since: readTime('since', flags.get('since'), nowMs),
      until: readTime('until', flags.get('until'), nowMs),
    };
    const ask = await createAsker(config);
    const answer = await ask((client) => client.getWaste(query));
    print(
      flags.has('json')
        ? `${JSON.stringify(answer)}\n`
        : renderWasteText(answer, paperOf(env, process.stdout)),
    );
    return 0;
  },
});

function listOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

function requireChoice<Choice extends string>(
  flag: string,
  given: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw new UsageError(`${flag} must be ${listOf(choices)}.`);
}

/** Reads a time as the filter of the pages has it: how long ago, or a time. */
function readTime(name: 'since' | 'until', text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const [term, ...more] = readFilter(`${name}:${text}`, nowMs);
  if (!term || more.length > 0 || term.fault !== undefined || term.query[name] === undefined)
    throw new UsageError(`--${name} must be how long ago, such as 7d, or a time such as 2026-01-20T10:00.`);
  return term.query[name];
}

function readLimit(text = String(DEFAULT_ROWS)): string {
  const limit = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_WASTE_ROWS) return text;
  throw new UsageError(`--limit must be a number from 1 to ${MAX_WASTE_ROWS}.`);
}
