import { GET_ARRAY } from './array.ts';
import { LIST_AUDIT } from './audit.ts';
import { LIST_CLUSTERS, LIST_MERGED_JOBS } from './clusters.ts';
import { RECEIVE_COMPLETION, RECEIVE_COMPLETION_BY_TOKEN } from './completion.ts';
import { REFUSE_DIGEST, SAVE_DIGEST_WISH } from './digest.ts';
import { GET_FINDINGS, JUDGE_ANEW } from './finding.ts';
import { GET_HEALTH } from './health.ts';
import { GET_HEAT_MAP } from './heat-map.ts';
import { GET_ACCOUNT, GET_CARD, GET_USER } from './holder.ts';
import { HOOK_CALLED, JOB_FINISHED, JOB_STARTED } from './hook-event.ts';
import { RECEIVE_OTLP, RECEIVE_OTLP_METRICS, RECEIVE_REMOTE_WRITE } from './ingest.ts';
import { DELETE_JOB, GET_JOB } from './job.ts';
import { LIST_EVENTS } from './job-event.ts';
import { LIST_JOBS } from './job-list.ts';
import { UPDATE_JOB } from './job-patch.ts';
import { WATCH_CHANGES } from './live.ts';
import { GET_METRICS } from './metrics.ts';
import { LIST_NAMES } from './name.ts';
import { CREATE_JOB } from './new-job.ts';
import { GET_NODE } from './node.ts';
import { LIST_NODES } from './node-list.ts';
import { GET_NODE_USAGE } from './node-usage.ts';
import { LIST_NOTICES } from './notice.ts';
import type { Operation } from './operation.ts';
import { GET_OVERVIEW } from './overview.ts';
import { GET_OVERVIEW_HISTORY } from './overview-history.ts';
import { CREATE_JOBS } from './past-job.ts';
import { LIST_POLICIES, TRY_POLICIES } from './policy.ts';
import { GET_QUALITY } from './quality.ts';
import { GET_QUEUE } from './queue.ts';
import { LIST_RUNS } from './run.ts';
import { RECORD_SAMPLE } from './sample.ts';
import { RECORD_SAMPLES } from './sample-batch.ts';
import { LIST_SAMPLES } from './sample-list.ts';
import { CREATE_LINK, END_SESSION, REVOKE_SESSIONS, START_SESSION } from './session.ts';
import { GET_SIZING } from './sizing.ts';
import { LIST_SPARKLINES } from './sparkline.ts';
import { LIST_STEPS } from './step.ts';
import { GET_SUMMARY } from './summary.ts';
import { LIST_TALLIES } from './tally-list.ts';
import { CREATE_TOKEN, LIST_TOKENS, REVOKE_TOKEN } from './token.ts';
import { GET_WAIT } from './wait.ts';
import { GET_WASTE } from './waste.ts';
import { WHOAMI } from './whoami.ts';

/** Everything that the service answers, but for its documentation. */
export const OPERATIONS: readonly Operation[] = [
  GET_HEALTH,
  LIST_JOBS,
  LIST_NAMES,
  CREATE_JOB,
  CREATE_JOBS,
  GET_JOB,
  UPDATE_JOB,
  DELETE_JOB,
  LIST_SAMPLES,
  LIST_SPARKLINES,
  RECORD_SAMPLE,
  RECORD_SAMPLES,
  RECEIVE_REMOTE_WRITE,
  RECEIVE_OTLP,
  RECEIVE_OTLP_METRICS,
  GET_SUMMARY,
  GET_FINDINGS,
  JUDGE_ANEW,
  GET_SIZING,
  GET_HEAT_MAP,
  GET_QUALITY,
  GET_WAIT,
  LIST_STEPS,
  GET_OVERVIEW,
  GET_OVERVIEW_HISTORY,
  GET_QUEUE,
  LIST_CLUSTERS,
  LIST_MERGED_JOBS,
  GET_ARRAY,
  LIST_NODES,
  WATCH_CHANGES,
  GET_NODE,
  GET_NODE_USAGE,
  LIST_TALLIES,
  GET_WASTE,
  GET_USER,
  GET_CARD,
  GET_ACCOUNT,
  LIST_NOTICES,
  SAVE_DIGEST_WISH,
  REFUSE_DIGEST,
  LIST_POLICIES,
  TRY_POLICIES,
  LIST_RUNS,
  LIST_EVENTS,
  JOB_STARTED,
  JOB_FINISHED,
  HOOK_CALLED,
  RECEIVE_COMPLETION,
  WHOAMI,
  START_SESSION,
  END_SESSION,
  REVOKE_SESSIONS,
  CREATE_LINK,
  RECEIVE_COMPLETION_BY_TOKEN,
  LIST_TOKENS,
  CREATE_TOKEN,
  REVOKE_TOKEN,
  LIST_AUDIT,
  GET_METRICS,
];
