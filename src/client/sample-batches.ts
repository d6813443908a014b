import type { SentBatchResult } from '../api/batch.ts';
import { RECORD_SAMPLES } from '../api/sample-batch.ts';
import { renderSampleColumns } from '../api/sample-columns.ts';
import { renderSampleRow, type SentRow } from '../api/sample-row.ts';
import { ClientError, type ClientErrorCode } from './error.ts';
import { repackAsRows } from './pack.ts';
import type { CallOptions, Message } from './transport.ts';

type Ask = (message: Message, call?: CallOptions) => Promise<SentBatchResult>;

/**
 * Sends batches of samples as columns, which are shorter, or as rows to a service of version 1.0, which
 * answers 400 to columns. It may be another service after a failure of the connection.
 */
export function sampleBatches(ask: Ask) {
  let readsColumns = true;

  async function record(
    columns: Message,
    asRows: () => Message | undefined,
    call: CallOptions | undefined,
  ): Promise<SentBatchResult> {
    try {
      if (readsColumns) return await ask(columns, call);
    } catch (error) {
      const rows = isClientError(error, 'validation_error') ? asRows() : undefined;
      if (!rows) throw error;
      const result = await ask(rows, call);
      readsColumns = false;
      return result;
    }
    try {
      return await ask(asRows() ?? columns, call);
    } catch (error) {
      readsColumns = isClientError(error, 'no_answer');
      throw error;
    }
  }

  return {
    /** Records what `packSamples` wrote. */
    recordPacked(packed: Uint8Array<ArrayBuffer>, call?: CallOptions): Promise<SentBatchResult> {
      const message = { operation: RECORD_SAMPLES, isTimestamped: true };
      const asRows = () => {
        const rows = repackAsRows(packed);
        return rows && { ...message, packed: rows };
      };
      return record({ ...message, packed }, asRows, call);
    },

    recordSamples(samples: readonly SentRow[], call?: CallOptions): Promise<SentBatchResult> {
      const isTimestamped = samples.every(({ timeMs }) => timeMs !== undefined);
      const message = { operation: RECORD_SAMPLES, isTimestamped };
      const columns = { ...message, body: () => renderSampleColumns(samples) };
      const rows = { ...message, body: () => ({ samples: samples.map(renderSampleRow) }) };
      return record(columns, () => rows, call);
    },
  };
}

const isClientError = (error: unknown, code: ClientErrorCode): boolean =>
  error instanceof ClientError && error.code === code;
