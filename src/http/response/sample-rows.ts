import type { RowFormat } from '../../api/media-type.ts';
import type { PointColumns, Readings } from '../../domain/readings.ts';
import { csvLine } from './table.ts';
import { encodeText, type TextWriter } from './text-writer.ts';

const text = (parts: TemplateStringsArray) => encodeText(parts.join(''));

const COMMA = text`,`;
const CLOSE = text`}`;
const JSON_END = text`},`;
const NDJSON_END = text`}\n`;
const CSV_LINE_END = text`\r\n`;
const CSV_NO_POINT = encodeText(',,,,,,,,\r\n');

/** Writes the reading at index `place` as one row. */
type RowWriter = (out: TextWriter, place: number) => void;

/** Returns the writer of a format's rows; each row ends with a line break, or in JSON with a comma. */
export function rowWriter(readings: Readings, format: RowFormat, spanMs: number): RowWriter {
  if (format === 'csv') return csvRows(readings, spanMs);
  return format === 'json' ? jsonRows(readings, spanMs) : ndjsonRows(readings, spanMs);
}

/**
 * Returns an upper bound for the bytes of one row: numbers, field names and the longest node name, escaped.
 */
export function maxRowBytes({ names }: Readings): number {
  const longest = names.reduce((most, name) => Math.max(most, name?.length ?? 0), 0);
  return 1536 + 6 * longest;
}

/** Caches the text of each node's name on first use, because a batch has rows of few of a job's nodes. */
function labelsOf({ names }: Readings, textOf: (name: string | undefined) => Uint8Array) {
  const labels: Uint8Array[] = new Array(names.length);
  return (place: number): Uint8Array => {
    labels[place] ??= textOf(names[place]);
    return labels[place]!;
  };
}

const hasGpu = ({ gpu }: Readings, place: number) => !Number.isNaN(gpu[place]!);
const isPoint = (points: PointColumns | undefined, place: number): points is PointColumns =>
  points !== undefined && points.samples[place]! > 0;

const TIMESTAMP = text`{"timestamp":"`;
const CPU = text`,"cpu_usage":`;
const MEMORY = text`,"memory_usage_mb":`;
const GPU = text`,"gpu_usage":`;

/**
 * Writes a sample's fields without the closing brace; the
 * memory of a point is rounded to whole MB (2^20 bytes).
 */
function sampleFields(readings: Readings): RowWriter {
  const { times, cpu, memory, nodes, points } = readings;
  const labelOf = labelsOf(readings, (name) => {
    const node = name === undefined ? '' : `,"node":${JSON.stringify(name)}`;
    return encodeText(`"${node},"cpu_usage":`);
  });
  return (out, place) => {
    out.time(times[place]!, TIMESTAMP);
    out.put(labelOf(nodes[place]!));
    out.number(cpu[place]!);
    out.put(MEMORY);
    out.number(isPoint(points, place) ? Math.round(memory[place]!) : memory[place]!);
    if (!hasGpu(readings, place)) return;
    out.put(GPU);
    out.number(readings.gpu[place]!);
  };
}

const SUMMARY_SECONDS = text`,"summary":{"seconds":`;
const SAMPLES = text`,"samples":`;
const MIN = text`{"min":`;
const MEAN = text`,"mean":`;
const MAX = text`,"max":`;

function jsonRows(readings: Readings, spanMs: number): RowWriter {
  const writeFields = sampleFields(readings);
  const { points } = readings;
  return (out, place) => {
    writeFields(out, place);
    if (isPoint(points, place)) {
      out.put(SUMMARY_SECONDS);
      out.number(spanMs / 1000);
      out.put(SAMPLES);
      out.number(points.samples[place]!);
      const spread = (name: Uint8Array, min: number, mean: number, max: number) => {
        out.put(name);
        out.put(MIN);
        out.number(min);
        out.put(MEAN);
        out.number(mean);
        out.put(MAX);
        out.number(max);
        out.put(CLOSE);
      };
      spread(CPU, points.cpuMin[place]!, readings.cpu[place]!, points.cpuMax[place]!);
      spread(MEMORY, points.memoryMin[place]!, readings.memory[place]!, points.memoryMax[place]!);
      if (hasGpu(readings, place)) {
        spread(GPU, points.gpuMin[place]!, readings.gpu[place]!, points.gpuMax[place]!);
      }
      out.put(CLOSE);
    }
    out.put(JSON_END);
  };
}

/** The flat fields of a point and their columns. */
const FLAT_FIELDS: [name: Uint8Array, column: keyof PointColumns, isGpu: boolean][] = [
  [text`,"cpu_usage_min":`, 'cpuMin', false],
  [text`,"cpu_usage_max":`, 'cpuMax', false],
  [text`,"memory_usage_mb_min":`, 'memoryMin', false],
  [text`,"memory_usage_mb_max":`, 'memoryMax', false],
  [text`,"gpu_usage_min":`, 'gpuMin', true],
  [text`,"gpu_usage_max":`, 'gpuMax', true],
];
const SECONDS = text`,"seconds":`;

/** NDJSON rows have no nested objects. */
function ndjsonRows(readings: Readings, spanMs: number): RowWriter {
  const writeFields = sampleFields(readings);
  const { points } = readings;
  return (out, place) => {
    writeFields(out, place);
    if (isPoint(points, place)) {
      out.put(SECONDS);
      out.number(spanMs / 1000);
      out.put(SAMPLES);
      out.number(points.samples[place]!);
      for (const [name, column, isGpu] of FLAT_FIELDS) {
        if (isGpu && !hasGpu(readings, place)) continue;
        out.put(name);
        out.number(points[column][place]!);
      }
    }
    out.put(NDJSON_END);
  };
}

function csvRows(readings: Readings, spanMs: number): RowWriter {
  const { times, cpu, memory, gpu, nodes, points } = readings;
  const labelOf = labelsOf(readings, (name) =>
    encodeText(`,${csvLine([name]).slice(0, -CSV_LINE_END.length)},`),
  );
  return (out, place) => {
    const isOne = isPoint(points, place);
    out.time(times[place]!);
    out.put(labelOf(nodes[place]!));
    out.number(cpu[place]!);
    out.put(COMMA);
    out.number(isOne ? Math.round(memory[place]!) : memory[place]!);
    out.put(COMMA);
    if (hasGpu(readings, place)) out.number(gpu[place]!);
    if (!isOne) {
      out.put(CSV_NO_POINT);
      return;
    }
    out.put(COMMA);
    out.number(spanMs / 1000);
    out.put(COMMA);
    out.number(points.samples[place]!);
    for (const [, column, isGpu] of FLAT_FIELDS) {
      out.put(COMMA);
      if (!isGpu || hasGpu(readings, place)) out.number(points[column][place]!);
    }
    out.put(CSV_LINE_END);
  };
}
