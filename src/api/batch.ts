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
  },
  { $id: 'BatchResult', additionalProperties: false },
);
export type BatchAnswer = Wire<typeof BatchAnswer>;

export const renderBatch = ({ stored, repeated, refused, refusals }: BatchResult): BatchAnswer => ({
  stored,
  repeated,
  refused,
  errors: refusals,
});

export const readBatch = ({ stored, repeated, refused, errors }: BatchAnswer): BatchResult => ({
  stored,
  repeated,
  refused,
  refusals: errors,
});
