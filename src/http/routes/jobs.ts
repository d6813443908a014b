import { Elysia } from 'elysia';
import { DELETE_JOB, GET_JOB, JOB_COLUMNS, renderJob } from '../../api/job.ts';
import { type JobListAnswer, LIST_JOBS } from '../../api/job-list.ts';
import { JobPatchBody, readPatch, UPDATE_JOB } from '../../api/job-patch.ts';
import { contentTypeOf } from '../../api/media-type.ts';
import { CREATE_JOB, NewJobBody, readNewJob } from '../../api/new-job.ts';
import type { Job } from '../../domain/job.ts';
import { auditEntry } from '../../domain/store/access.ts';
import type { JobStore } from '../../domain/store/jobs.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { bodyCheck } from '../request/body-check.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readListRequest } from '../request/job-list.ts';
import { readJobPage } from '../request/job-page.ts';
import { sendJson, sendText } from '../response/download.ts';
import { listParts } from '../response/list-parts.ts';
import { describe } from '../response/operation.ts';
import { renderRows } from '../response/table.ts';

async function* rowsOf(batches: AsyncIterable<Job[]>) {
  for await (const batch of batches) yield batch.map(renderJob);
}

const checkNewJob = bodyCheck(NewJobBody);
const checkPatch = bodyCheck(JobPatchBody);

/** Creates, lists, reads, updates and deletes jobs. */
interface JobOptions {
  readonly store: Pick<JobStore, 'createJob' | 'updateJob' | 'deleteJob'> & ViewStore;
  readonly now: () => number;
}

export const jobs = ({ store, now }: JobOptions) =>
  new Elysia({ name: 'jobs', normalize: false })
    .use(callerContext)
    .get(
      LIST_JOBS.path,
      async ({ request, set, caller }) => {
        const view = viewOf(store, caller);
        const wanted = readListRequest(request, now());
        const { filter, start, format, limit } = wanted;
        set.headers.vary = 'accept';
        if (format !== 'json') {
          const from = { ...start, ...(limit !== undefined && { limit }) };
          const rows = rowsOf(view.streamJobs(filter, from, request.signal));
          return sendText(renderRows(rows, format, JOB_COLUMNS), {
            'content-type': contentTypeOf(format),
          });
        }
        const page = await readJobPage(view, wanted, limit!, request.signal);
        const { jobs: found, total, nextCursor } = page;
        return sendJson(
          listParts('jobs', found.values().map(renderJob), {
            total,
            limit: limit!,
            offset: start.offset,
            ...(nextCursor !== undefined && { next_cursor: nextCursor }),
          } satisfies Omit<JobListAnswer, 'jobs'>),
        );
      },
      { detail: describe(LIST_JOBS) },
    )
    .post(
      CREATE_JOB.path,
      async ({ body, set }) => {
        const job = await store.createJob(readNewJob(checkNewJob(body)), now());
        set.status = 201;
        return renderJob(job);
      },
      { detail: describe(CREATE_JOB) },
    )
    .get(
      GET_JOB.path,
      async ({ params: { jobId }, caller }) => renderJob(await viewOf(store, caller).getJob(jobId)),
      {
        detail: describe(GET_JOB),
      },
    )
    .patch(
      UPDATE_JOB.path,
      async ({ params: { jobId }, body }) =>
        renderJob(await store.updateJob(jobId, readPatch(checkPatch(body)), now())),
      { detail: describe(UPDATE_JOB) },
    )
    .delete(
      DELETE_JOB.path,
      async ({ params: { jobId }, set, caller: { identity } }) => {
        await store.deleteJob(jobId, identity && auditEntry(identity, 'job_deleted', jobId, now()));
        set.status = 204;
      },
      { detail: describe(DELETE_JOB) },
    );
