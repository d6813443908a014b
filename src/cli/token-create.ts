import { UsageError } from '../domain/errors.ts';
import { isIdentity } from '../domain/identity.ts';
import { formatTime, parseDuration } from '../domain/time.ts';
import { TOKEN_ROLES } from '../domain/token.ts';
import { defineCommand } from './command.ts';
import { TOKEN_SETTINGS, useTokens } from './tokens.ts';

export const tokenCreate = defineCommand({
  summary: 'Create a token for a program, and print it once',
  usage: ['token create --name NAME --role ROLE [--expires TIME] [settings]'],
  examples: [
    [
      'token create --name grafana --role viewer --expires 90d',
      'For a program that reads all jobs and /metrics',
    ],
    [
      'token create --name slurmctld --role ingest > /etc/hpc-observe/slurmctld.token',
      'Only the token goes to the file',
    ],
  ],
  settings: TOKEN_SETTINGS,
  flags: {
    name: { takes: 'NAME', help: 'By which it is listed and revoked' },
    role: {
      takes: 'ROLE',
      help: 'viewer (reads all jobs), ingest (writes measurements) or admin (does everything)',
    },
    expires: { takes: 'TIME', help: 'How long it is valid, such as 90d; for ever if left out' },
  },
  async run({ config, flags, print }) {
    const wanted = readWanted(flags, Date.now());
    await useTokens(config, async ({ create, database }) => {
      const { token, secret } = await create(wanted);
      print(`${secret}\n`);
      const until =
        token.expiresMs === undefined ? 'does not expire' : `expires at ${formatTime(token.expiresMs)}`;
      process.stderr.write(
        `The token ${token.name} has the role ${token.role} and ${until}. It is shown only now; send it as Authorization: Bearer.\n`,
      );
      if (database !== undefined)
        process.stderr.write(
          `No service runs. The token is for one that is started with --database ${database}\n`,
        );
    });
    return 0;
  },
});

/** Reads the flags; UsageError for a value that no token can have. */
function readWanted(flags: ReadonlyMap<string, string>, nowMs: number) {
  const name = flags.get('name');
  if (name === undefined) throw new UsageError('--name is missing; see --help.');
  if (!isIdentity(name))
    throw new UsageError('--name must have 1 to 256 characters, none of them a control character.');
  const role = TOKEN_ROLES.find((one) => one === flags.get('role'));
  if (role === undefined) throw new UsageError(`--role must be one of ${TOKEN_ROLES.join(', ')}.`);
  const expires = flags.get('expires');
  const lifeMs = expires === undefined ? undefined : parseDuration(expires);
  if (expires !== undefined && !(lifeMs !== undefined && lifeMs > 0))
    throw new UsageError('--expires must be a duration such as 12h, 90d or 2y.');
  return { name, role, ...(lifeMs !== undefined && { expiresMs: nowMs + lifeMs }) };
}
