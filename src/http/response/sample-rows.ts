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

/** Writes the row at a place of some readings. */
type RowWriter = (out: TextWriter, place: number) => void;

/** Writes readings as rows of a format, each with its end of line, or in JSON with a comma behind it. */
export function rowWriter(readings: Readings, format: RowFormat, spanMs: number): RowWriter {
  if (format === 'csv') return csvRows(readings, spanMs);
  return format === 'json' ? jsonRows(readings, spanMs) : ndjsonRows(readings, spanMs);
}

/** More bytes than any row of the readings takes: its numbers and what stands between them, and the longest name, escaped. */
export function maxRowBytes({ names }: Readings): number {
  const longest = names.reduce((most, name) => Math.max(most, name?.length ?? 0), 0);
  return 1536 + 6 * longest;
}

/** The text of each node's name, made when it is first written: a batch has rows of few of a job's nodes. */
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

/** Writes what a sample has, without the brace at the end; the memory of a point in whole megabytes. */
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

/** A name and the column of the points with it. */
const FLAT_FIELDS: [name: Uint8Array, column: keyof PointColumns, isGpu: boolean][] = [
  [text`,"cpu_usage_min":`, 'cpuMin', false],
  [text`,"cpu_usage_max":`, 'cpuMax', false],
  [text`,"memory_usage_mb_min":`, 'memoryMin', false],
  [text`,"memory_usage_mb_max":`, 'memoryMax', false],
  [text`,"gpu_usage_min":`, 'gpuMin', true],
  [text`,"gpu_usage_max":`, 'gpuMax', true],
];
const SECONDS = text`,"seconds":`;

/** NDJSON has no objects inside of a row. */
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
