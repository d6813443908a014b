import { expect, test } from 'bun:test';
import { createPeers } from '../../src/service/peers.ts';
import { errorOf } from '../client/help.ts';

const DEEP = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;

test.each([
  [
    'nests a million levels',
    () => new Response(DEEP),
    /^The answer of beta cannot be used\. .*deeper than 64/,
  ],
  ['sends blanks for ever', () => new Response(blanks()), /^The answer of beta cannot be used\. .*4 MiB/],
  [
    'refuses',
    () => new Response('{"error":"forbidden","message":"No."}', { status: 403 }),
    /^beta refuses: No\.$/,
  ],
])('a peer that %s is told as that', async (_, answer, reason) => {
  using server = Bun.serve({ port: 0, fetch: answer });
  const [beta] = await createPeers({ peers: [`beta=${server.url.href}`], peerTokens: 'beta hpo_x\n' });
  expect(await errorOf(beta!.readOverview(undefined, new AbortController().signal))).toMatchObject({
    message: expect.stringMatching(reason),
  });
});

const blanks = () =>
  new ReadableStream({
    async pull(controller) {
      await Bun.sleep(0);
      controller.enqueue(new Uint8Array(256 * 1024).fill(32));
    },
  });

test('a peer without a token is refused with the command that makes one', () => {
  expect(createPeers({ peers: ['beta=http://b'], peerTokens: 'gamma hpo_x' })).rejects.toThrow(
    /beta.*hpc-observe token create --name NAME --role viewer/,
  );
});
