import { Type } from '@sinclair/typebox';
import { Identity, optional, type Wire } from './field.ts';
import { MEASURED_FIELDS, renderMeasures, type SentMeasures } from './measured.ts';
import { renderNewSample, SampleBody, type SentSample } from './sample.ts';

/** A sample of a batch. Unknown fields are ignored, so that a newer agent can talk to an older server. */
export const SampleRowBody = Type.Object({
  job_id: optional(Identity('Measured job; required unless sluid names the run')),
  sluid: optional(
    Identity('Instead of job_id: the SLUID of the measured run, which may be an earlier run of its job'),
  ),
  ...SampleBody.properties,
  ...MEASURED_FIELDS,
});
export type SampleRowBody = Wire<typeof SampleRowBody>;

/** A row of a batch as a client sends it; `sluid` or `jobId` names the run. */
export type SentRow = SentSample & SentMeasures & ({ readonly jobId: string } | { readonly sluid: string });

export const renderSampleRow = ({
  jobId,
  sluid,
  measures,
  gpus,
  ...sample
}: SentSample & SentMeasures & { jobId?: string; sluid?: string }): SampleRowBody => ({
  ...(jobId !== undefined && { job_id: jobId }),
  ...(sluid !== undefined && { sluid }),
  ...renderNewSample(sample),
  ...renderMeasures({ ...(measures && { measures }), ...(gpus && { gpus }) }),
});
