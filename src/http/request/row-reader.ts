import { AppError } from '../../domain/errors.ts';
import { SLICE_MS, yieldToOthers } from '../../pace.ts';
import { parseBody, parseJson } from './body.ts';
import { isSmall, readPieces, readText } from './body-text.ts';
import type { Arrival } from './intake.ts';
import { RowCutter, type RowLimits, tooManyRows } from './row-cutter.ts';

/**
 * Largest body of a batch, packed and unpacked: 100,000 samples with a dozen measures each. It is never in memory as a
 * whole, but all of it takes time.
 */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024;
/** A text up to here is parsed as a whole, which takes less than cutting it: at worst some 10 ms. */
const MAX_WHOLE_LENGTH = 192 * 1024;
/** Characters that are cut, parsed and checked in one go; at worst some 4 ms. */
const PIECE_LENGTH = 32 * 1024;
/** A portion of this length is one long row, to be parsed and checked in turns of their own. */
const LONG_PORTION = 128 * 1024;

/**
 * Reads the rows of a batch and hands them on, in order, some hundred at a time; other requests have their turn in between.
 * A body is refused as soon as it has too many bytes, rows, levels, keys or values, or too long a row, whatever comes behind.
 */
export async function readRows(
  request: Request,
  arrival: Arrival,
  limits: RowLimits,
  hand: (rows: readonly unknown[]) => void,
): Promise<void> {
  const cutter = new RowCutter(limits);
  const pace = startPace();
  let waiting = '';
  let isCut = false;
  let count = 0;

  async function handOn(portion: string): Promise<void> {
    const isLong = portion.length > LONG_PORTION;
    if (isLong) await pace.rest();
    const rows = parseJson(`[${portion}]`) as unknown[];
    if (isLong) await pace.rest();
    count += rows.length;
    hand(rows);
    await pace.restIfDue();
  }

  async function cut(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += PIECE_LENGTH) {
      for (const portion of cutter.cut(text.slice(at, at + PIECE_LENGTH))) await handOn(portion);
      await pace.restIfDue();
    }
  }

  async function add(text: string): Promise<void> {
    if (isCut) return cut(text);
    waiting += text;
    isCut = waiting.length > MAX_WHOLE_LENGTH;
    if (isCut) await cut(waiting);
  }

  const options = { maxBytes: MAX_BATCH_BYTES, take: arrival.take };
  if (isSmall(request, options)) await add(await readText(request, options));
  else for await (const text of readPieces(request, options)) await add(text);
  if (!isCut) {
    await pace.rest();
    hand(rowsOf(parseBody(waiting), limits));
    return;
  }
  const rows = rowsOf(parseBody(cutter.outside), limits);
  if (!cutter.hasRows) hand(rows);
  else if (rows.length > 0) throw noRows(limits);
  else if (count !== cutter.commas + 1 && count + cutter.commas > 0) {
    throw new AppError('invalid_request', 'The body is not valid JSON.');
  }
}

function startPace() {
  let turnMs = performance.now();
  async function rest(): Promise<void> {
    await yieldToOthers();
    turnMs = performance.now();
  }
  return {
    rest,
    async restIfDue() {
      if (performance.now() - turnMs > SLICE_MS) await rest();
    },
  };
}

function rowsOf(body: unknown, limits: RowLimits): readonly unknown[] {
  const rows = (body as Record<string, unknown> | null)?.[limits.name];
  if (!Array.isArray(rows)) throw noRows(limits);
  if (rows.length > limits.maxRows) throw tooManyRows(limits);
  return rows;
}

const noRows = ({ name }: RowLimits) =>
  new AppError('validation_error', `The body must be an object with an array called ${name}.`);
