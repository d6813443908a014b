import { Elysia } from 'elysia';
import { RECEIVE_COMPLETION, RECEIVE_COMPLETION_BY_TOKEN, renderCompletion } from '../../api/completion.ts';
import { AppError } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import type { RecordReports } from '../../domain/store/runs.ts';
import { yieldToOthers } from '../../pace.ts';
import { parseJson } from '../request/body.ts';
import { readPieces } from '../request/body-text.ts';
import { limitIntake } from '../request/intake.ts';
import { COMPLETION_INTAKE_BYTES, MAX_COMPLETION_BYTES } from '../request/limits.ts';
import { ShortenedDocument } from '../request/long-texts.ts';
import { describe } from '../response/operation.ts';

/** One for the apps of all listeners. */
const intakes = limitIntake(COMPLETION_INTAKE_BYTES);

export interface CompletionOptions {
  readonly recordReports: RecordReports;
  /** Parses what slurmctld posts; undefined if it ends no run. `validation_error`. */
  readonly parseCompletion: (document: unknown) => Report | undefined;
}

/** Receives the record that slurmctld posts of every ended run (`JobCompType=jobcomp/elasticsearch`). */
export const completions = ({ recordReports, parseCompletion }: CompletionOptions) => {
  async function receive(request: Request) {
    using intake = intakes.open();
    const document = new ShortenedDocument();
    const options = { maxBytes: MAX_COMPLETION_BYTES, reserve: intake.reserve, isLenient: true };
    for await (const piece of readPieces(request, options)) {
      await yieldToOthers();
      document.add(piece);
    }
    const report = readCompletion(parseCompletion, parseJson(document.text));
    if (report instanceof AppError) {
      await recordReports('jobcomp', [], 1);
      return renderCompletion('ignored', report.message);
    }
    if (!report) return renderCompletion('ignored', 'The job continues with another size.');
    const { stored, refusals } = await recordReports('jobcomp', [report]);
    if (refusals[0]) return renderCompletion('ignored', refusals[0].message);
    return stored > 0
      ? renderCompletion('stored', `The end of job ${report.id} is on disk.`)
      : renderCompletion('repeated', `The end of job ${report.id} was known already.`);
  }

  return new Elysia({ name: 'completions', normalize: false })
    .post(RECEIVE_COMPLETION.path, ({ request }) => receive(request), {
      detail: describe(RECEIVE_COMPLETION),
    })
    .post(RECEIVE_COMPLETION_BY_TOKEN.path, ({ request }) => receive(request), {
      detail: describe(RECEIVE_COMPLETION_BY_TOKEN),
    });
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
