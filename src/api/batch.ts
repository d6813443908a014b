import { Type } from '@sinclair/typebox';
import { type BatchResult, MAX_REFUSALS } from '../domain/store/batch.ts';
import { Choice, type Wire } from './field.ts';

export const BATCH_ENCODINGS =
  'Content-Encoding gzip and zstd are accepted; at most 32 MiB, packed and unpacked';

export const BatchAnswer = Type.Object(
  {
    stored: Type.Integer({ minimum: 0 }),
    repeated: Type.Integer({ minimum: 0, description: 'Rows that were stored already and changed nothing' }),
    refused: Type.Integer({ minimum: 0 }),
    errors: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ minimum: 0, description: 'Index of the row in the batch, from 0' }),
          error: Choice(['validation_error', 'not_found', 'conflict']),
          message: Type.String({ description: 'One sentence that says what is wrong' }),
        },
        { additionalProperties: false },
      ),
      { maxItems: MAX_REFUSALS, description: 'The first refused rows, in order' },
    ),
    report_error: Type.Optional(
      Type.String({ description: 'Why the report of the node was left out; the rows do not depend on it' }),
    ),
  },
  { $id: 'BatchResult', additionalProperties: false },
);
export type BatchAnswer = Wire<typeof BatchAnswer>;

/** The result of a batch, for the one who sent it. */
export interface SentBatchResult extends BatchResult {
  /** Why the report of the node was left out. */
  readonly reportError?: string;
}

export const renderBatch = ({ refusals, reportError, ...counts }: SentBatchResult): BatchAnswer => ({
  stored: counts.stored,
  repeated: counts.repeated,
  refused: counts.refused,
  errors: refusals,
  ...(reportError !== undefined && { report_error: reportError }),
});

export const readBatch = ({ errors, report_error, ...counts }: BatchAnswer): SentBatchResult => ({
  stored: counts.stored,
  repeated: counts.repeated,
  refused: counts.refused,
  refusals: errors,
  ...(report_error !== undefined && { reportError: report_error }),
});
