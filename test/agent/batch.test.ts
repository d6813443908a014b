import { expect, test } from 'bun:test';
import { batchRounds } from '../../src/agent/batch.ts';
import type { Round } from '../../src/agent/round.ts';
import { openSpool } from '../../src/agent/spool.ts';
import { renderNodeReport } from '../../src/api/node-report.ts';
import { packSamples } from '../../src/client/pack.ts';
import { NOON_MS } from '../help/clock.ts';
import { temporaryFolder } from '../help/folder.ts';
import { nodeReport } from '../help/node-report.ts';

const NOTHING: Round = { readings: [], troubles: [], isWhole: true, ended: 0, dropped: 0, leftovers: [] };
const READING = {
  key: { jobId: '7' },
  timeMs: NOON_MS,
  values: { cpus_used: 1, cpus_allocated: 2, memory_anonymous_bytes: 2 ** 20 },
  gpus: [],
};

/** The body of the batch that a round makes; undefined if it makes none. */
function bodyOf(round: Round) {
  using folder = temporaryFolder();
  const spool = openSpool({ folder: folder.path, maxBytes: 100_000 });
  batchRounds({ pack: packSamples, spool, send() {}, node: 'n1', warn() {} })(round);
  const batch = spool.first();
  return batch && JSON.parse(new TextDecoder().decode(Bun.zstdDecompressSync(batch.bytes)));
}

test('the report of the node is sent beside its samples, and alone where there are no jobs', () => {
  const report = nodeReport();
  const whole = bodyOf({ ...NOTHING, readings: [READING], report });
  expect(whole.report).toEqual(renderNodeReport(report));
  expect(whole.columns.cpu_usage).toEqual([50]);
  expect(bodyOf({ ...NOTHING, report })).toEqual({ samples: [], report: renderNodeReport(report) });
});

test('a round of some jobs has no report, and without samples it is not sent', () => {
  const some = { ...NOTHING, isWhole: false };
  expect(bodyOf({ ...some, readings: [READING] })).not.toHaveProperty('report');
  expect(bodyOf(some)).toBeUndefined();
});
