import { rewriteWhoami, type Whoami } from '../api/whoami.ts';
import { formatTime } from '../domain/time.ts';
import { defineCommand } from './command.ts';
import { describePlace, locateService } from './connection.ts';
import { PROOF_SETTINGS, proveUser } from './proof.ts';

export const whoami = defineCommand({
  summary: 'Print who you are for the service, and why',
  usage: ['whoami [--json] [settings]'],
  examples: [
    ['whoami', 'For the service on this machine'],
    ['whoami --server https://head01:8443 --token-file ~/.hpc-observe-token', 'With a token'],
  ],
  settings: PROOF_SETTINGS,
  flags: { json: { help: 'Print JSON: the answer of GET /v1/whoami' } },
  /** Returns 1 if the service does not know who asks. */
  async run({ config, flags, print }) {
    const { who } = await proveUser(config);
    print(
      flags.has('json')
        ? `${JSON.stringify(rewriteWhoami(who))}\n`
        : describeWhoami(who, describePlace(locateService(config))),
    );
    return who.name === undefined ? 1 : 0;
  },
});

/** Renders what the service said about the user of the command. */
export function describeWhoami(who: Whoami, place: string): string {
  const { name, uid, role = 'none', roleWhy, sessionEndsMs, why, cluster, ways } = who;
  const rows = [
    ['You are', name === undefined ? 'unknown' : `${name}${uid === undefined ? '' : ` (uid ${uid})`}`],
    ['Role', roleWhy === undefined ? role : `${role}: ${roleWhy}`],
    ['You see', describeSight(who)],
    ...(sessionEndsMs === undefined ? [] : [['Session', `until ${formatTime(sessionEndsMs)}`]]),
    ['Why', why],
    ['Service', `${place}${cluster === undefined ? '' : `, cluster ${cluster}`}`],
    ...ways.map(({ way, state }, index) => [index === 0 ? 'It knows' : '', `${way}: ${state}`]),
  ] as [string, string][];
  return rows.map(([left, right]) => `${left.padEnd(9)} ${right}\n`).join('');
}

function describeSight({ sees, accounts }: Pick<Whoami, 'sees' | 'accounts'>): string {
  if (sees === 'all') return 'all jobs';
  if (sees === 'none') return 'no jobs';
  return accounts.length === 0
    ? 'your own jobs'
    : `your own jobs, and those of the accounts ${accounts.join(', ')}`;
}
