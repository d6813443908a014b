import { AppError, invalid } from '../../domain/errors.ts';
import { startPace } from '../../pace.ts';
import { parseJson } from './body.ts';
import { isSmall, readPieces, readText } from './body-text.ts';
import type { Intake } from './intake.ts';
import { LONG_ROW_LENGTH, MAX_BATCH_BYTES, PIECE_LENGTH, WHOLE_BATCH_LENGTH } from './limits.ts';
import { type BatchLimits, ListCutter, type Portion, tooManyRows } from './list-cutter.ts';

export interface ReaderLimits extends BatchLimits {
  /** Fields that the body may have one of instead of rows. */
  readonly others?: readonly string[];
}

/** A batch apart from its rows. */
export type BatchBody = Readonly<Record<string, unknown>>;

/**
 * Reads the rows of a batch and passes them to `add` in order, some hundred at a time, yielding to other
 * requests in between. Returns the other fields of the body, columns included. Rejects as soon as the body
 * exceeds a limit: bytes, rows, the length of a row, levels, keys or values.
 */
export async function readRows(
  request: Request,
  intake: Intake,
  limits: ReaderLimits,
  add: (rows: readonly unknown[]) => void,
): Promise<BatchBody> {
  const cutter = new ListCutter(limits);
  const pace = startPace();
  const lists = collectLists(limits, add);
  let waiting = '';
  let isCut = false;

  async function addPortion(portion: Portion): Promise<void> {
    const isLong = portion.text.length > LONG_ROW_LENGTH;
    if (isLong) await pace.rest();
    const values = parseJson(`[${portion.text}]`) as unknown[];
    if (isLong) await pace.rest();
    lists.add(portion, values);
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
    const body = parseJson(waiting);
    add(rowsOf(body, limits));
    return body as BatchBody;
  }
  const body = parseJson(cutter.outside);
  const rows = rowsOf(body, limits);
  if (!cutter.hasRows) add(rows);
  else if (rows.length > 0) throw noRows(limits);
  return lists.join(body as BatchBody);
}

/** Adds up the values of columns, and passes rows on. */
function collectLists({ groups = new Map() }: ReaderLimits, addRows: (rows: readonly unknown[]) => void) {
  const columns = new Map([...groups.keys()].map((group) => [group, new Map<string, unknown[]>()]));
  /** Values of the list that is being read. */
  let count = 0;

  function addValues(group: string, name: string, values: readonly unknown[]): void {
    const lists = columns.get(group)!;
    const list = lists.get(name) ?? [];
    lists.set(name, list);
    if (groups.get(group)!.names.has(name)) for (const value of values) list.push(value);
  }

  return {
    add({ group, name, commas }: Portion, values: readonly unknown[]): void {
      count += values.length;
      if (commas !== undefined) {
        // An empty list has no comma, as a list of one value.
        if (count !== commas + 1 && count + commas > 0)
          throw new AppError('invalid_request', 'The body is not valid JSON.');
        count = 0;
      }
      if (group === undefined) addRows(values);
      else addValues(group, name, values);
    },

    /** Returns a body whose columns are no longer empty. */
    join(body: BatchBody): BatchBody {
      const filled = [...columns].filter(([, lists]) => lists.size > 0);
      return {
        ...body,
        ...Object.fromEntries(
          filled.map(([group, lists]) => [
            group,
            { ...(body[group] as object), ...Object.fromEntries(lists) },
          ]),
        ),
      };
    },
  };
}

function rowsOf(body: unknown, limits: ReaderLimits): readonly unknown[] {
  const fields = body as Record<string, unknown> | null;
  const rows = fields?.[limits.name];
  if (Array.isArray(rows)) {
    if (rows.length > limits.maxRows) throw tooManyRows(limits.name, limits.maxRows);
    return rows;
  }
  if (rows == null && limits.others?.some((name) => isObject(fields?.[name]))) return [];
  throw noRows(limits);
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const noRows = ({ name, others = [] }: ReaderLimits) =>
  invalid(
    `The body must be an object with an array called ${name}${others.map((other) => `, or an object called ${other}`).join('')}.`,
  );
