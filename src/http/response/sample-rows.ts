import type { RowFormat } from '../../api/media-type.ts';
import type { FieldName } from '../../domain/reading-fields.ts';
import type { Readings } from '../../domain/readings.ts';
import { type FieldColumn, fieldColumns } from './field-columns.ts';
import { csvLine } from './table.ts';
import { encodeText, type TextWriter } from './text-writer.ts';

const text = (parts: TemplateStringsArray) => encodeText(parts.join(''));

const COMMA = text`,`;
const CLOSE = text`}`;
const JSON_END = text`},`;
const NDJSON_END = text`}\n`;
const CSV_LINE_END = text`\r\n`;

/** Writes the reading at index `place` as one row. */
type RowWriter = (out: TextWriter, place: number) => void;

export interface RowOptions {
  /** Values of a row, in this order. */
  readonly fields: readonly FieldName[];
  /** Length of the span that a point summarizes. */
  readonly spanMs: number;
}

/** Returns the writer of a format's rows; each row ends with a line break, or in JSON with a comma. */
export function rowWriter(readings: Readings, format: RowFormat, options: RowOptions): RowWriter {
  const columns = fieldColumns(readings, options.fields);
  if (format === 'csv') return csvRows(readings, columns, options.spanMs);
  return format === 'json'
    ? jsonRows(readings, columns, options.spanMs)
    : ndjsonRows(readings, columns, options.spanMs);
}

/**
 * Returns an upper bound for the bytes of one row: numbers, field names, and the longest names of a node and
 * a GPU, escaped.
 */
export function maxRowBytes({ names, gpus = [] }: Readings, { fields }: RowOptions): number {
  const longest = names.reduce((most, name, i) => {
    return Math.max(most, (name?.length ?? 0) + (gpus[i]?.length ?? 0));
  }, 0);
  return 768 + 256 * fields.length + 6 * longest;
}

/** Caches the text of each label on first use, because a batch has rows of few of a job's nodes. */
function labelsOf(
  { names, gpus }: Readings,
  textOf: (name: string | undefined, gpu: string | undefined) => Uint8Array,
) {
  const labels: Uint8Array[] = new Array(names.length);
  return (place: number): Uint8Array => {
    labels[place] ??= textOf(names[place], gpus?.[place]);
    return labels[place]!;
  };
}

const isPoint = ({ points }: Readings, place: number): boolean =>
  points !== undefined && points.samples[place]! > 0;

const TIMESTAMP = text`{"timestamp":"`;

/** Writes the fields of a row that were measured, without the closing brace. */
function sampleFields(readings: Readings, columns: readonly FieldColumn[]): RowWriter {
  const { times, nodes } = readings;
  const keys = columns.map(({ key }) => key);
  const values = columns.map((column) => column.values);
  const whole = columns.findIndex(({ isWholeInPoints }) => isWholeInPoints);
  const labelOf = labelsOf(readings, (name, gpu) => {
    const node = name === undefined ? '' : `,"node":${JSON.stringify(name)}`;
    return encodeText(`"${node}${gpu === undefined ? '' : `,"gpu":${JSON.stringify(gpu)}`}`);
  });
  return (out, place) => {
    out.time(times[place]!, TIMESTAMP);
    out.put(labelOf(nodes[place]!));
    for (let i = 0; i < keys.length; i++) {
      const value = values[i]![place]!;
      if (Number.isNaN(value)) continue;
      out.put(keys[i]!);
      out.number(i === whole && isPoint(readings, place) ? Math.round(value) : value);
    }
  };
}

const SUMMARY_SECONDS = text`,"summary":{"seconds":`;
const SAMPLES = text`,"samples":`;
const MIN = text`{"min":`;
const MEAN = text`,"mean":`;
const MAX = text`,"max":`;

function jsonRows(readings: Readings, columns: readonly FieldColumn[], spanMs: number): RowWriter {
  const writeFields = sampleFields(readings, columns);
  return (out, place) => {
    writeFields(out, place);
    if (isPoint(readings, place)) {
      out.put(SUMMARY_SECONDS);
      out.number(spanMs / 1000);
      out.put(SAMPLES);
      out.number(readings.points!.samples[place]!);
      for (const { key, values, spread } of columns) {
        if (!spread || Number.isNaN(values[place]!)) continue;
        out.put(key);
        out.put(MIN);
        out.number(spread.min[place]!);
        out.put(MEAN);
        out.number(spread.mean[place]!);
        out.put(MAX);
        out.number(spread.max[place]!);
        out.put(CLOSE);
      }
      out.put(CLOSE);
    }
    out.put(JSON_END);
  };
}

const SECONDS = text`,"seconds":`;

/** NDJSON rows have no nested objects. */
function ndjsonRows(readings: Readings, columns: readonly FieldColumn[], spanMs: number): RowWriter {
  const writeFields = sampleFields(readings, columns);
  return (out, place) => {
    writeFields(out, place);
    if (isPoint(readings, place)) {
      out.put(SECONDS);
      out.number(spanMs / 1000);
      out.put(SAMPLES);
      out.number(readings.points!.samples[place]!);
      for (const { minKey, maxKey, values, spread } of columns) {
        if (!spread || Number.isNaN(values[place]!)) continue;
        out.put(minKey);
        out.number(spread.min[place]!);
        out.put(maxKey);
        out.number(spread.max[place]!);
      }
    }
    out.put(NDJSON_END);
  };
}

function csvRows(readings: Readings, columns: readonly FieldColumn[], spanMs: number): RowWriter {
  const { times, nodes } = readings;
  const values = columns.map((column) => column.values);
  const whole = columns.findIndex(({ isWholeInPoints }) => isWholeInPoints);
  const labelOf = labelsOf(readings, (name, gpu) =>
    encodeText(`,${csvLine(gpu === undefined ? [name] : [name, gpu]).slice(0, -CSV_LINE_END.length)}`),
  );
  const noPoint = encodeText(`${','.repeat(2 + 2 * columns.length)}\r\n`);
  const writeSpan = csvSpan(readings, columns, spanMs);
  return (out, place) => {
    const isOne = isPoint(readings, place);
    out.time(times[place]!);
    out.put(labelOf(nodes[place]!));
    for (let i = 0; i < values.length; i++) {
      const value = values[i]![place]!;
      out.put(COMMA);
      if (!Number.isNaN(value)) out.number(i === whole && isOne ? Math.round(value) : value);
    }
    if (isOne) writeSpan(out, place);
    else out.put(noPoint);
  };
}

/** Writes the part of a point's line that comes after its values. */
function csvSpan({ points }: Readings, columns: readonly FieldColumn[], spanMs: number): RowWriter {
  return (out, place) => {
    out.put(COMMA);
    out.number(spanMs / 1000);
    out.put(COMMA);
    out.number(points!.samples[place]!);
    for (const { values, spread } of columns) {
      const isKnown = spread && !Number.isNaN(values[place]!);
      out.put(COMMA);
      if (isKnown) out.number(spread.min[place]!);
      out.put(COMMA);
      if (isKnown) out.number(spread.max[place]!);
    }
    out.put(CSV_LINE_END);
  };
}
