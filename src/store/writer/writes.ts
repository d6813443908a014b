import { sliceMeasures } from '../../domain/batch-measures.ts';
import { tooManyUnsealed } from '../../domain/errors.ts';
import { newJob } from '../../domain/job.ts';
import type { BatchResult } from '../../domain/store/batch.ts';
import type { StoreOptions } from '../../domain/store/options.ts';
import type { Store } from '../../domain/store/store.ts';
import { isRefused, MAX_UNSEALED_SAMPLES, urgencyOf } from '../../domain/unsealed.ts';
import { cutJobs, cutParts, joinResults, type Part } from './parts.ts';
import { jobCost, sampleCost, type WriteFields, type WriteKind, type WriteValues } from './write.ts';

/** Commits writes in groups. */
interface GroupWriter {
  readonly queuedRows: number;
  readonly unsealedSamples: number;
  submit<Kind extends WriteKind>(kind: Kind, fields: WriteFields[Kind]): Promise<WriteValues[Kind]>;
  submitParts<Kind extends WriteKind>(
    kind: Kind,
    parts: readonly WriteFields[Kind][],
  ): Promise<WriteValues[Kind][]>;
  probe(): Promise<void>;
}

interface WritesOptions
  extends Pick<StoreOptions, 'areBatchesWhole' | 'maxUnsealedSamples' | 'onExpire' | 'onNotice'> {
  readonly writer: GroupWriter;
  readonly databaseBytes: () => number;
}

/** Returns the writes of a store, which queue at its writer, and their state. */
export function storeWrites({
  writer,
  databaseBytes,
  areBatchesWhole = false,
  maxUnsealedSamples = MAX_UNSEALED_SAMPLES,
  onExpire = () => {},
  onNotice = () => {},
}: WritesOptions) {
  let setAside = 0;
  let refusedUnsealed = 0;

  function requireRoom(kind: 'batch' | 'single'): void {
    if (!isRefused(writer.unsealedSamples, maxUnsealedSamples, kind)) return;
    refusedUnsealed++;
    throw tooManyUnsealed(writer.unsealedSamples);
  }

  async function submitBatch<Kind extends 'createJobs' | 'applyReports' | 'recordSamples', Row>(
    kind: Kind,
    rows: readonly Row[],
    cut: (rows: readonly Row[]) => readonly Part<Row>[],
    fieldsOf: (part: Part<Row>, isLast: boolean) => WriteFields[Kind],
  ): Promise<BatchResult> {
    const parts = areBatchesWhole ? [{ rows, indexOf: (row: number) => row }] : cut(rows);
    const fields = parts.map((part, index) => fieldsOf(part, index === parts.length - 1));
    return joinResults(parts, await writer.submitParts(kind, fields));
  }

  return {
    createJob: async (job, nowMs) => {
      await writer.submit('createJob', { job, nowMs });
      // The writer has stored the same, so nothing is read back.
      return newJob(job, nowMs);
    },
    createJobs: (list) =>
      submitBatch(
        'createJobs',
        list,
        (rows) => cutJobs(rows, jobCost),
        ({ rows }) => ({ jobs: rows }),
      ),
    applyReports: (list) =>
      submitBatch(
        'applyReports',
        list,
        (rows) => cutParts(rows, jobCost),
        ({ rows }) => ({ reports: rows }),
      ),
    updateJob: (id, patch, nowMs) => writer.submit('updateJob', { id, patch, nowMs }),
    deleteJob: (id, entry) => writer.submit('deleteJob', { id, entry }),
    async recordSample(jobId, sample) {
      requireRoom('single');
      await writer.submit('recordSample', { jobId, sample });
    },
    async recordSamples(list, measures, report) {
      requireRoom('batch');
      const cost = sampleCost(list.length, measures);
      return submitBatch(
        'recordSamples',
        list,
        (rows) => cutParts(rows, () => cost),
        ({ rows: samples, indexOf }, isLast) => ({
          samples,
          ...(measures && { measures: sliceMeasures(measures, indexOf(0), indexOf(samples.length)) }),
          ...(isLast && report && { report }),
        }),
      );
    },
    requireRoomForBatch: () => requireRoom('batch'),
    saveState: (name, value) => writer.submit('saveState', { name, value }),
    createToken: (token, entry) => writer.submit('createToken', { token, entry }),
    revokeToken: (name, entry) => writer.submit('revokeToken', { name, entry }),
    saveTokenUses: (uses) => writer.submit('saveTokenUses', { uses: [...uses] }),
    startSession: (session, entry, maxOfUser) => writer.submit('startSession', { session, entry, maxOfUser }),
    endSessions: (hashes, entry) => writer.submit('endSessions', { hashes, entry }),
    endSessionsOf: (user, entry) => writer.submit('endSessionsOf', { user, entry }),
    recordNotices: (list) => writer.submit('recordNotices', { notices: list }),
    steadyNotices: (nowMs, isStart) => writer.submit('steadyNotices', { nowMs, isStart }),
    claimDelivery: (notice, way) => writer.submit('claimDelivery', { notice, way }),
    settleDelivery: (notice, way, outcome) => writer.submit('settleDelivery', { notice, way, outcome }),
    recordAct: (act, entry) => writer.submit('recordAct', { act, entry }),
    settleAct: (job, state, error) => writer.submit('settleAct', { job, state, error }),
    saveDigestWish: (user, isWanted, nowMs) => writer.submit('saveDigestWish', { user, isWanted, nowMs }),
    recordHistory: (rows) => writer.submit('recordHistory', { rows }),
    judgeAnew: () => writer.submit('judgeAnew', {}),
    checkWritable: () => writer.probe(),
    async expire(retention, nowMs) {
      const { setAside: messages, ...step } = await writer.submit('expire', {
        retention,
        nowMs,
        maxUnsealed: maxUnsealedSamples,
      });
      setAside += messages.length;
      for (const message of messages) onNotice({ level: 'error', event: 'data_set_aside', message });
      onExpire(step);
      return step.hasMore;
    },
    status: () => ({
      queueLength: writer.queuedRows,
      unsealedSamples: writer.unsealedSamples,
      sealUrgency: urgencyOf(writer.unsealedSamples, maxUnsealedSamples),
      refusedUnsealed,
      databaseBytes: databaseBytes(),
      setAside,
    }),
  } satisfies Partial<Store>;
}
