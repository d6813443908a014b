import { type ListedToken, renderToken } from '../api/token.ts';
import { formatTime } from '../domain/time.ts';
import { defineCommand } from './command.ts';
import { TOKEN_SETTINGS, useTokens } from './tokens.ts';

export const tokenList = defineCommand({
  summary: 'List the tokens with their roles, when they expire and when they were last used',
  usage: ['token list [--json] [settings]'],
  examples: [['token list', 'The tokens of the service on this machine']],
  settings: TOKEN_SETTINGS,
  flags: { json: { help: 'Print JSON: the answer of GET /v1/tokens' } },
  async run({ config, flags, print }) {
    await useTokens(config, async ({ list }) => {
      const tokens = await list();
      print(
        flags.has('json')
          ? `${JSON.stringify({ tokens: tokens.map(renderToken) })}\n`
          : renderTokens(tokens, Date.now()),
      );
    });
    return 0;
  },
});

const HEAD = ['NAME', 'ROLE', 'CREATED', 'BY', 'EXPIRES', 'LAST USED'];

/** Renders tokens as a table; times are UTC. */
export function renderTokens(tokens: readonly ListedToken[], nowMs: number): string {
  const rows = tokens.map(({ name, role, createdMs, createdBy, expiresMs, lastUsedMs }) => [
    name,
    role,
    minuteOf(createdMs),
    createdBy,
    expiresMs === undefined ? 'never' : minuteOf(expiresMs) + (expiresMs <= nowMs ? ' (expired)' : ''),
    lastUsedMs === undefined ? 'never' : minuteOf(lastUsedMs),
  ]);
  const table = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Writes a time such as 2026-01-20 12:00. */
const minuteOf = (timeMs: number): string => formatTime(timeMs).slice(0, 16).replace('T', ' ');
