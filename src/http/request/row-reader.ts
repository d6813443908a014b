import { AppError, invalid } from '../../domain/errors.ts';
import { startPace } from '../../pace.ts';
import { parseJson } from './body.ts';
import { isSmall, readPieces, readText } from './body-text.ts';
import type { Intake } from './intake.ts';
import { LONG_ROW_LENGTH, MAX_BATCH_BYTES, PIECE_LENGTH, WHOLE_BATCH_LENGTH } from './limits.ts';
import { RowCutter, type RowLimits, tooManyRows } from './row-cutter.ts';

/**
 * Reads the rows of a batch and passes them to `add` in order, some hundred at a time, yielding to other
 * requests in between. Rejects as soon as the body exceeds a limit: bytes, rows, the length of a row, levels,
 * keys or values.
 */
export async function readRows(
  request: Request,
  intake: Intake,
  limits: RowLimits,
  add: (rows: readonly unknown[]) => void,
): Promise<void> {
  const cutter = new RowCutter(limits);
  const pace = startPace();
  let waiting = '';
  let isCut = false;
  let count = 0;

  async function addPortion(portion: string): Promise<void> {
    const isLong = portion.length > LONG_ROW_LENGTH;
    if (isLong) await pace.rest();
    const rows = parseJson(`[${portion}]`) as unknown[];
    if (isLong) await pace.rest();
    count += rows.length;
    add(rows);
    if (pace.isDue()) await pace.rest();
  }

  async function cut(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += PIECE_LENGTH) {
      for (const portion of cutter.cut(text.slice(at, at + PIECE_LENGTH))) await addPortion(portion);
      if (pace.isDue()) await pace.rest();
    }
  }

  async function addText(text: string): Promise<void> {
    if (isCut) return cut(text);
    waiting += text;
    isCut = waiting.length > WHOLE_BATCH_LENGTH;
    if (isCut) await cut(waiting);
  }

  const options = { maxBytes: MAX_BATCH_BYTES, reserve: intake.reserve };
  if (isSmall(request, options)) await addText(await readText(request, options));
  else for await (const text of readPieces(request, options)) await addText(text);
  if (!isCut) {
    await pace.rest();
    add(rowsOf(parseJson(waiting), limits));
    return;
  }
  const rows = rowsOf(parseJson(cutter.outside), limits);
  if (!cutter.hasRows) add(rows);
  else if (rows.length > 0) throw noRows(limits);
  else if (count !== cutter.commas + 1 && count + cutter.commas > 0) {
    throw new AppError('invalid_request', 'The body is not valid JSON.');
  }
}

function rowsOf(body: unknown, limits: RowLimits): readonly unknown[] {
  const rows = (body as Record<string, unknown> | null)?.[limits.name];
  if (!Array.isArray(rows)) throw noRows(limits);
  if (rows.length > limits.maxRows) throw tooManyRows(limits);
  return rows;
}

const noRows = ({ name }: RowLimits) => invalid(`The body must be an object with an array called ${name}.`);
