import { invalid } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import { readCount } from '../values/count.ts';
import { readExit } from '../values/exit.ts';
import { readSluids } from '../values/sluid.ts';
import { readTimeMs } from '../values/time.ts';
import { readTres } from '../values/tres.ts';
import { toReport } from './to-report.ts';

type Document = Readonly<Record<string, unknown>>;

/**
 * Reads the document that slurmctld posts for an ended run with `JobCompType=jobcomp/elasticsearch`. Its
 * fields are from `jobcomp_common_job_record_to_data` (src/plugins/jobcomp/common/jobcomp_common.c), before
 * 22.05 from `jobcomp_elasticsearch.c`; unknown fields are ignored. The report counts as observed when the
 * run ended, because a document may arrive hours later. Throws `validation_error` for a document without a
 * job id, an end or a state.
 *
 * A requeued run is posted as `PENDING` with its end and its nodes; the report says `REQUEUED`, as sacct
 * does. A job that changes its size is posted as `RESIZING` with an end although it goes on; the result is
 * then undefined.
 */
export function parseJobCompletion(document: unknown): Report | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw invalid('A job completion must be a JSON object.');
  }
  const fields = document as Document;
  const id = readCount(fields.jobid);
  if (id === undefined) throw invalid('jobid must be a numeric job id.');
  const endTimeMs = readTimeMs(text(fields['@end']));
  if (endTimeMs === undefined) throw invalid('@end must be the time at which the run ended.');
  const state = text(fields.state);
  if (state === undefined) throw invalid('state must be the state in which the run ended.');
  if (state === 'RESIZING') return undefined;
  const nodeList = text(fields.nodes) ?? '';
  const tres = readTres(text(fields.tres_alloc) ?? text(fields.tres_req));
  const arrayJobId = readCount(fields.array_job_id);
  const { startTimeMs, resizedMs } = readStart(fields, endTimeMs);
  return toReport({
    source: 'jobcomp',
    observedMs: endTimeMs,
    id: String(id),
    displayedId: arrayJobId ? `${arrayJobId}_${readCount(fields.array_task_id)}` : undefined,
    user: text(fields.username),
    account: text(fields.account),
    partition: text(fields.partition),
    qos: text(fields.qos),
    cluster: text(fields.cluster),
    state: state === 'PENDING' && nodeList !== '' ? 'REQUEUED' : state,
    isPast: true,
    nodeList,
    submitTimeMs: readTimeMs(text(fields['@submit'])),
    startTimeMs,
    endTimeMs,
    timeLimitSeconds: readCount(fields.time_limit),
    cpus: tres.cpus,
    memoryMb: tres.memoryMb,
    gpus: tres.gpus,
    nodeCount: tres.nodes,
    exit: readExit(text(fields.exit_code)),
    name: text(fields.job_name),
    workDir: text(fields.work_dir),
    resizedMs,
    ...readSluids(text(fields.sluid), text(fields.original_sluid)),
  });
}

/**
 * Reads the start of the run. After a change of size `@start` is the time of that change; `elapsed` still
 * counts from the start.
 */
function readStart(fields: Document, endTimeMs: number): { startTimeMs?: number; resizedMs?: number[] } {
  const startTimeMs = readTimeMs(text(fields['@start']));
  const elapsedSeconds = readCount(fields.elapsed);
  if (startTimeMs === undefined) return {};
  const realMs = endTimeMs - (elapsedSeconds ?? 0) * 1000;
  if (elapsedSeconds === undefined || realMs >= startTimeMs) return { startTimeMs };
  return { startTimeMs: realMs, resizedMs: [startTimeMs] };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
