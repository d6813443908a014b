import { openSqlite } from '../../src/store/sqlite/open.ts';
import { type BigJob, samplesOfNode, writeBigJob } from '../help/big-job.ts';
import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { startNeighbour, worstWaitMs } from '../help/neighbours.ts';
import { realisticSeries } from '../help/noise.ts';
import { timeGet } from './http.ts';
import type { Series } from './prometheus.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';
import { hasVictoria, startVictoria } from './victoria.ts';

const HOUR_MS = 3_600_000;
const SAMPLES = 10_000;
const PEER = 'VictoriaMetrics';
/** Rounds that warm up and are not counted. */
const WARM_ROUNDS = 10;

interface ReadOptions {
  readonly nodes: number;
  readonly hours: number;
  readonly rounds: number;
}

/** Measures reads of samples: of a job with 10,000 beside a peer, and of a big job beside other requests. */
export async function measureReads({ nodes, hours, rounds }: ReadOptions): Promise<Row[]> {
  const lastMs = Math.floor(Date.now() / 10_000) * 10_000 - 2 * HOUR_MS;
  const job = { id: 'big', nodes, firstMs: lastMs - hours * HOUR_MS, lastMs };
  return [
    ...(await besidePeer(rounds, true)),
    ...(await besidePeer(rounds, false)),
    ...(await bigJobRows(job, true)),
    ...(await bigJobRows({ ...job, firstMs: lastMs - HOUR_MS }, false)),
  ];
}

/** Writes the samples of one job into a new database. */
async function writeSamples(path: string, samples: Series, isSealed: boolean): Promise<void> {
  const store = await openSqlite(path);
  await store.createJob({ id: 'job', user: 'alice', nodes: ['n1'] }, samples[0]!.timeMs);
  await store.recordSamples(
    samples.map(({ gpuUsage, ...sample }) => ({
      jobId: 'job',
      ...sample,
      ...(gpuUsage !== null && { gpuUsage }),
      stamped: false,
    })),
  );
  if (isSealed) while (await store.expire({}, Date.now() + 2 * HOUR_MS));
  await store.close();
}

async function besidePeer(rounds: number, isSealed: boolean): Promise<Row[]> {
  // All within the hour that samples stay in the log.
  const firstMs = Date.now() - 0.8 * HOUR_MS;
  const samples = realisticSeries(SAMPLES).map((one, i) => ({
    ...one,
    timeMs: Math.round(firstMs + 280 * i),
  }));
  using folder = temporaryFolder();
  await writeSamples(folder.file('hpc-observe.db'), samples, isSealed);
  await using server = await serve({ folder: folder.path, args: KEEP });
  await using peer = hasVictoria() ? await startVictoria(samples) : undefined;
  if (!peer)
    console.error(`There is no ${PEER} on this machine: reads are measured WITHOUT a peer beside them.`);
  const list = `${server.url}/v1/jobs/job/metrics?limit=${SAMPLES}`;
  const plot = `${server.url}/v1/jobs/job/metrics?max_points=500`;
  const { total } = JSON.parse((await timeGet(list)).body) as { total: number };
  if (total !== SAMPLES) throw new Error(`${total} samples are there.`);
  const kind = isSealed ? 'sealed' : 'unsealed';
  return [
    await inTurn(`${grouped(SAMPLES)} samples of a job as JSON, ${kind}`, list, peer?.exportUrl, rounds),
    await inTurn(`max_points=500 of ${grouped(SAMPLES)} samples, ${kind}`, plot, peer?.rangeUrl(500), rounds),
  ];
}

/** Measures our answer and the peer's in turn. */
async function inTurn(what: string, own: string, peer: string | undefined, rounds: number): Promise<Row> {
  const [ours, peers]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds + WARM_ROUNDS; round++) {
    const peerMs = peer === undefined ? Number.NaN : (await timeGet(peer)).ms;
    const { ms } = await timeGet(own);
    if (round < WARM_ROUNDS) continue;
    ours.push(ms);
    peers.push(peerMs);
  }
  const ratio = median(ours) / median(peers);
  return {
    what,
    floor: peer === undefined ? `no ${PEER} here` : `${median(peers).toFixed(1)} ms ${PEER}`,
    ours: `${median(ours).toFixed(1)} ms`,
    figure: peer === undefined ? '' : `${ratio.toFixed(2)} of ${PEER}`,
    budget: 'at most 1',
    isHeld: isAtMost(ratio, 1),
  };
}

const KEEP = ['--sample-retention', 'keep'];
const USES = ['max_points=200', 'limit=10', 'format=csv'] as const;
const MAX_WAIT_MS = 20;
const MAX_PLOT_MS = 300;

/** Measures each kind of read of a big job, and how long other requests wait meanwhile. */
async function bigJobRows(job: BigJob, isSealed: boolean): Promise<Row[]> {
  using folder = temporaryFolder();
  await writeBigJob(folder.file('hpc-observe.db'), job, { isSealed });
  await using server = await serve({ folder: folder.path, args: KEEP });
  await using neighbour = await startNeighbour(server);
  const samples = grouped(job.nodes * samplesOfNode(job));
  const rows: Row[] = [];
  for (const use of USES) {
    const burden = await neighbour.measure(() => readAll(`${server.url}/v1/jobs/big/metrics?${use}`));
    const waitMs = worstWaitMs(burden);
    const isPlot = use === 'max_points=200' && isSealed;
    rows.push({
      what: `${use} of ${grouped(job.nodes)} nodes, ${samples} samples ${isSealed ? 'sealed' : 'in the log'}`,
      floor: '',
      ours: `${burden.tookMs.toFixed(0)} ms, ${burden.memoryMb.toFixed(0)} MB at most`,
      figure: `others wait ${waitMs.toFixed(0)} ms more`,
      budget: isPlot ? `at most ${MAX_WAIT_MS} ms; ${MAX_PLOT_MS} ms in all` : `at most ${MAX_WAIT_MS} ms`,
      isHeld: waitMs <= MAX_WAIT_MS && (!isPlot || burden.tookMs <= MAX_PLOT_MS),
    });
  }
  return rows;
}

/** Reads an answer to its end and discards it. */
async function readAll(url: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url} was answered ${response.status}.`);
  for await (const _ of response.body!);
}
