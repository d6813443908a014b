import type { OverviewAnswer } from '../api/overview.ts';
import type { Client } from '../client/client.ts';
import type { ClientError } from '../client/error.ts';
import { type ListParameters, type Peer, Unreachable } from '../domain/clusters/cluster.ts';
import { OperatorError } from '../domain/errors.ts';
import type { Config } from '../settings/table.ts';

/** A reader waits; the other clusters are there already. */
const TIMEOUT_MS = 3000;
/** Some thousand jobs. Whatever answers there, parsing it delays all other requests: 30 ms a MiB. */
const MAX_ANSWER_BYTES = 4 * 2 ** 20;
/** The header that names the user for whom a service reads; see service/callers.ts. */
export const FOR_HEADER = 'hpc-observe-for';

type PeerConfig = Pick<Config, 'peers' | 'peerTokens'>;

/** Returns the services of other clusters that the settings name. OperatorError if one has no token. */
export async function createPeers({ peers, peerTokens }: PeerConfig): Promise<Peer<OverviewAnswer>[]> {
  if (peers.length === 0) return [];
  const tokens = new Map((peerTokens ?? '').split('\n').map(readToken));
  // Imported here: a service without peers does not load the client.
  const [{ Client: Talker }, { ClientError: Failure }, { tokenCredentials }] = await Promise.all([
    import('../client/client.ts'),
    import('../client/error.ts'),
    import('../client/credentials.ts'),
  ]);
  return peers.map((text) => {
    const at = text.indexOf('=');
    const [name, url] = [text.slice(0, at), text.slice(at + 1).replace(/\/+$/, '')];
    const token = tokens.get(name);
    if (token === undefined)
      throw new OperatorError(
        `--peer-tokens-file has no line "${name} TOKEN" for the peer ${name}. Make a token there: hpc-observe token create --name NAME --role viewer.`,
      );
    const credentials = tokenCredentials(token);

    async function ask<Value>(
      user: string | undefined,
      question: (client: Client) => Promise<Value>,
    ): Promise<Value> {
      const headers = user === undefined ? {} : { [FOR_HEADER]: encodeURIComponent(user) };
      try {
        return await question(
          new Talker({
            ...{ url, credentials, headers },
            timeoutMs: TIMEOUT_MS,
            maxAnswerBytes: MAX_ANSWER_BYTES,
            retries: 0,
          }),
        );
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        throw new Unreachable(reasonOf(name, error), { cause: error });
      }
    }

    return {
      name,
      url,
      listJobs: (query: ListParameters, user, signal) =>
        ask(user, (client) => client.findJobs(query, { signal })),
      readOverview: (user, signal) => ask(user, (client) => client.getOverview({ signal })),
    };
  });
}

function reasonOf(name: string, { code, message }: ClientError): string {
  if (code === 'no_answer') return `${name} does not answer.`;
  return code === 'bad_answer'
    ? `The answer of ${name} cannot be used. ${message}`
    : `${name} refuses: ${message}`;
}

function readToken(line: string): [string, string] {
  const [name = '', token = ''] = line.trim().split(/\s+/);
  return [name, token];
}
