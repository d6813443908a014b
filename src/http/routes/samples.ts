import { Elysia } from 'elysia';
import { RECORD_SAMPLE, readNewSample, renderSample, SampleBody } from '../../api/sample.ts';
import { LIST_SAMPLES } from '../../api/sample-list.ts';
import type { SampleStore } from '../../domain/store/samples.ts';
import type { ViewStore } from '../../domain/store/view.ts';
import { bodyCheck } from '../request/body-check.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readReadingRequest } from '../request/sample-list.ts';
import { describe } from '../response/operation.ts';
import { sendReadings } from '../response/sample-text.ts';

const checkSample = bodyCheck(SampleBody);

/** Records and lists the samples of a job. */
interface SampleOptions {
  readonly store: Pick<SampleStore, 'recordSample'> & ViewStore;
  readonly now: () => number;
}

export const samples = ({ store, now }: SampleOptions) =>
  new Elysia({ name: 'samples', normalize: false })
    .use(callerContext)
    .get(
      LIST_SAMPLES.path,
      ({ params: { jobId }, request, caller }) =>
        sendReadings(viewOf(store, caller), jobId, {
          ...readReadingRequest(request),
          signal: request.signal,
        }),
      { detail: describe(LIST_SAMPLES) },
    )
    .post(
      RECORD_SAMPLE.path,
      async ({ params: { jobId }, body, set }) => {
        const sample = readNewSample(checkSample(body), now());
        await store.recordSample(jobId, sample);
        set.status = 201;
        return renderSample(sample);
      },
      { detail: describe(RECORD_SAMPLE) },
    );
