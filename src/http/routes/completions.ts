import { Type } from '@sinclair/typebox';
import { Elysia } from 'elysia';
import { AppError } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import type { TakeReports } from '../../domain/store/runs.ts';
import { yieldToOthers } from '../../pace.ts';
import { parseBody } from '../request/body.ts';
import { readPieces } from '../request/body-text.ts';
import { limitIntake } from '../request/intake.ts';
import { ShortenedDocument } from '../response/long-texts.ts';
import { operation } from '../response/operation.ts';

export interface CompletionOptions {
  readonly takeReports: TakeReports;
  /** Reads what slurmctld posts; undefined for what ends no run. `validation_error`. */
  readonly parseCompletion: (document: unknown) => Report | undefined;
}

/** Where slurmctld posts; a document may carry a job's script, which Slurm allows to be 4 MiB and more. */
export const COMPLETION_ROUTE = '/v1/slurm/jobcomp';

const CompletionBody = Type.Object(
  {
    jobid: Type.Integer({ minimum: 1 }),
    state: Type.String({ description: 'State in which the run ended, in Slurm’s word' }),
    '@end': Type.String({ description: 'When the run ended, as Slurm writes it: UTC, without a zone' }),
  },
  {
    example: {
      ...{ jobid: 4712, username: 'alice', nodes: 'node[01-02]', state: 'COMPLETED', exit_code: '0:0' },
      ...{ '@submit': '2026-01-20T09:59:00', '@start': '2026-01-20T10:00:00', '@end': '2026-01-20T11:30:00' },
    },
  },
);

/** slurmctld posts a document that is refused for ever: this has room for the largest script that a site may allow. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
/** Bytes of documents that may be read and stored at one time; slurmctld posts one after the other. */
const MAX_INTAKE_BYTES = 16 * 1024 * 1024;

/** What slurmctld is told. It posts again, and everything behind it waits, until the answer is 200 or 201. */
const answer = (status: 'stored' | 'repeated' | 'ignored', message: string) => ({ status, message });

/** Receives the record that slurmctld posts of every run that has ended (`JobCompType=jobcomp/elasticsearch`). */
export const completions = ({ takeReports, parseCompletion }: CompletionOptions) => {
  const intake = limitIntake(MAX_INTAKE_BYTES);
  return new Elysia({ name: 'completions', normalize: false }).post(
    COMPLETION_ROUTE,
    async ({ request }) => {
      using arrival = intake.open();
      const document = new ShortenedDocument();
      const options = { maxBytes: MAX_DOCUMENT_BYTES, take: arrival.take, isLenient: true };
      for await (const piece of readPieces(request, options)) {
        await yieldToOthers();
        document.add(piece);
      }
      const report = readCompletion(parseCompletion, parseBody(document.text));
      if (report instanceof AppError) {
        await takeReports('jobcomp', [], 1);
        return answer('ignored', report.message);
      }
      if (!report) return answer('ignored', 'The job goes on with another size.');
      const { stored, refusals } = await takeReports('jobcomp', [report]);
      if (refusals[0]) return answer('ignored', refusals[0].message);
      return stored > 0
        ? answer('stored', `The end of job ${report.id} is on disk.`)
        : answer('repeated', `The end of job ${report.id} is known.`);
    },
    {
      detail: {
        ...operation({
          operationId: 'receiveCompletion',
          tag: 'Slurm',
          summary:
            'Receives what slurmctld posts of every run that has ended (JobCompType=jobcomp/elasticsearch). One that cannot be used is ' +
            'answered with 200 as well and counted, because slurmctld would post it for ever',
          answers: { 200: { schema: 'Completion', means: 'What was done with it; stored means on disk' } },
          errors: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'unavailable'],
        }),
        requestBody: {
          required: true,
          description: 'The document of jobcomp/elasticsearch, of Slurm 21.08 and later',
          content: {
            'application/json': {
              schema: CompletionBody as object,
            },
          },
        },
      },
    },
  );
};

function readCompletion(
  parse: CompletionOptions['parseCompletion'],
  body: unknown,
): Report | AppError | undefined {
  try {
    return parse(body);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
