import { Elysia } from 'elysia';
import { RECEIVE_COMPLETION } from '../api/completion.ts';
import { CREATE_JOBS } from '../api/past-job.ts';
import { RECORD_SAMPLES } from '../api/sample-batch.ts';
import type { Store } from '../domain/store/store.ts';
import { body } from './request/body.ts';
import { paths } from './request/percent-encoding.ts';
import type { RouteLike } from './response/allowed-methods.ts';
import { type ErrorLog, errors } from './response/errors.ts';
import { type ObserveRequest, requests } from './response/timing.ts';
import { batches } from './routes/batches.ts';
import { type CompletionOptions, completions } from './routes/completions.ts';
import { documentation } from './routes/documentation.ts';
import { health } from './routes/health.ts';
import { type HookOptions, hooks } from './routes/hook-events.ts';
import { events } from './routes/job-events.ts';
import { jobs } from './routes/jobs.ts';
import { metrics } from './routes/metrics.ts';
import { runs } from './routes/runs.ts';
import { samples } from './routes/samples.ts';
import { summaries } from './routes/summaries.ts';

export interface AppOptions extends CompletionOptions, HookOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: ErrorLog;
  readonly version: string;
  /** The whole of /metrics, as UTF-8. */
  readonly renderMetrics: () => Promise<Uint8Array<ArrayBuffer>>;
  readonly observeRequest: ObserveRequest;
  /** Largest body of a single write. */
  readonly maxBodyBytes: number;
}

/** The whole HTTP surface, ready to listen or to `handle` requests in a test. */
export function createApp(options: AppOptions) {
  const api = new Elysia({ normalize: false })
    .use(health(options))
    .use(jobs(options))
    .use(samples(options))
    .use(summaries(options))
    .use(runs(options))
    .use(events(options))
    .use(batches(options))
    .use(completions(options))
    .use(hooks(options))
    .use(metrics(options));
  const routes = (): readonly RouteLike[] => app.routes;
  const app = new Elysia({ normalize: false })
    // A browser must not take an answer for a page, whatever is in it.
    .headers({ 'x-content-type-options': 'nosniff' })
    .use(requests(options))
    .use(errors({ log: options.log, routes }))
    .use(paths())
    .use(
      body({
        maxBytes: options.maxBodyBytes,
        batchRoutes: [RECORD_SAMPLES.path, CREATE_JOBS.path, RECEIVE_COMPLETION.path],
      }),
    )
    .use(api)
    .use(documentation({ api, version: options.version }));
  return app;
}
