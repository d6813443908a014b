import { expect, test } from 'bun:test';
import { compileCheck } from '../../src/api/check.ts';
import type { Schema } from '../../src/api/field.ts';
import { JobAnswer } from '../../src/api/job.ts';
import { QueueAnswer } from '../../src/api/queue.ts';
import { RunAnswer } from '../../src/api/run.ts';
import { RunReport } from '../../src/api/run-report.ts';
import { TokenListAnswer } from '../../src/api/token.ts';
import { WasteAnswer } from '../../src/api/waste.ts';
import { WhoamiAnswer } from '../../src/api/whoami.ts';
import { loadCommands } from '../../src/cli/commands.ts';
import { listenTcp } from '../../src/service/listen.ts';
import { MINUTE_MS, pastJob } from '../help/builders.ts';
import { NOON_MS } from '../help/clock.ts';
import { runLine } from '../help/command.ts';
import { startService } from '../help/service.ts';

/** Commands that print what the service answers, in the shapes of its API. */
const LINES: Readonly<Record<string, [args: string[], schema: Schema, rows: number]>> = {
  jobs: [['--all'], JobAnswer, 3],
  job: [['10_1'], RunReport, 1],
  queue: [[], QueueAnswer, 1],
  seff: [['10', '4711'], RunAnswer, 3],
  whoami: [[], WhoamiAnswer, 1],
  'token list': [[], TokenListAnswer, 1],
  waste: [[], WasteAnswer, 1],
};
/** Commands whose JSON has a shape of its own, or which need more than this test sets up. */
const OTHERS = ['check', 'doctor', 'policy log', 'policy try'];

test('the JSON of every command that lists has the shape of the API, a value a line', async () => {
  await using service = await startService({
    ways: [() => ({ name: 'root', uid: 0, proof: 'kernel', isLocal: true })],
  });
  const server = listenTcp(service.app, { host: '127.0.0.1', port: 0 });
  await service.store.createJobs([
    pastJob('10_1', { details: { arrayJobId: '10', gpus: 2, cpus: 8, name: 'train' } }),
    pastJob('10_2', { details: { arrayJobId: '10' }, state: 'failed', endTimeMs: NOON_MS + 30 * MINUTE_MS }),
    pastJob('4711', { user: 'bob' }),
  ]);
  const commands = await loadCommands();
  for (const [name, [args, schema, rows]] of Object.entries(LINES)) {
    if (!commands.has(name)) continue;
    const { output } = await runLine([...name.split(' '), ...args, '--json', '--server', server.url.href]);
    const values = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(values, name).toHaveLength(rows);
    const check = compileCheck(schema);
    for (const value of values)
      if (!check.accepts(value)) throw new Error(`${name}: ${check.explain(value, 'It')}`);
  }
  await server.stop(true);
});

test('every command with --json is known here', async () => {
  const withJson = [...(await loadCommands())]
    .filter(([, { flags = {} }]) => flags.json)
    .map(([name]) => name);
  expect(withJson.filter((name) => !(name in LINES) && !OTHERS.includes(name))).toEqual([]);
});
