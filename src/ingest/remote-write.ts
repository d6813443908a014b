import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { decompress_raw, initSync } from 'snappy-wasm';
import { AppError } from '../domain/errors.ts';
import type { ForeignRequest, ForeignSeries } from '../domain/foreign/series.ts';
import { startPace } from '../pace.ts';

// Prometheus remote write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec/): a WriteRequest of
// protobuf, packed by snappy's block format. Unpacking 4 MiB takes 3 ms; a JavaScript decoder took 546 ms for
// a body made to be slow. The message is read field by field, in slices of 4 ms.

/** 2,000 samples, as Prometheus sends by default, have some 200 kB. */
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
const MAX_VALUES = 100_000;
/** A series with more labels, or a longer one, is skipped: exporters have 15. */
const MAX_LABELS = 64;
const MAX_LABEL_BYTES = 1024;

// Numbers of the fields of WriteRequest, TimeSeries, Label and Sample.
const SERIES = 1;
const LABELS = 1;
const SAMPLES = 2;
const NAME = 1;
const VALUE = 2;
const NUMBER = 1;
const TIME = 2;

/** Loads the decoder of snappy from the executable. */
export function loadSnappy(wasm: Uint8Array): void {
  initSync(wasm as Uint8Array<ArrayBuffer>);
}

/**
 * Reads the series of a request whose names are `wanted`, and counts the values of others. Throws
 * `payload_too_large`, and `invalid_request` for bytes that are not what the specification says. Histograms
 * and metadata are skipped.
 */
export async function readRemoteWrite(
  packed: Uint8Array,
  isWanted: (name: string) => boolean,
): Promise<ForeignRequest> {
  const pace = startPace();
  await pace.rest();
  const message = new BinaryReader(unpack(packed));
  await pace.rest();
  const series: ForeignSeries[] = [];
  let values = 0;
  let unmapped = 0;
  try {
    while (message.pos < message.len) {
      const [field, type] = message.tag();
      if (field !== SERIES || type !== WireType.LengthDelimited) {
        skip(message, type);
        continue;
      }
      const one = readSeries(message);
      values += one.values.length;
      if (values > MAX_VALUES) throw tooLarge(`${MAX_VALUES} values`);
      if (one.values.length > 0 && isWanted(one.name)) series.push(one);
      else unmapped += one.values.length;
      if (pace.isDue()) await pace.rest();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw malformed('protobuf', cause);
  }
  return { series, unmapped };
}

function unpack(packed: Uint8Array): Uint8Array {
  try {
    const bytes = new BinaryReader(packed).uint32();
    if (bytes > MAX_UNPACKED_BYTES) throw tooLarge(`${MAX_UNPACKED_BYTES} bytes when unpacked`);
    return decompress_raw(packed);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw malformed('snappy', cause);
  }
}

/** Reads a series; one that is skipped has no values. */
function readSeries(message: BinaryReader): ForeignSeries {
  const end = endOf(message);
  const series: Read = { labels: new Map(), times: [], values: [], labelCount: 0 };
  while (message.pos < end) {
    if (readField(message, end, series)) continue;
    message.pos = end;
    return { name: '', labels: new Map(), times: [], values: [] };
  }
  requireEnd(message, end);
  const { labels, times, values } = series;
  return { name: labels.get('__name__') ?? '', labels, times, values };
}

interface Read {
  readonly labels: Map<string, string>;
  readonly times: number[];
  readonly values: number[];
  /** Labels of the same name among them. */
  labelCount: number;
}

/** Returns whether the series is to be read on. */
function readField(message: BinaryReader, end: number, series: Read): boolean {
  const [field, type] = message.tag();
  if (type !== WireType.LengthDelimited || (field !== LABELS && field !== SAMPLES)) {
    skip(message, type);
    return true;
  }
  if (field === LABELS) return series.labelCount++ < MAX_LABELS && readLabel(message, end, series.labels);
  const { times, values } = series;
  if (values.length === MAX_VALUES) throw tooLarge(`${MAX_VALUES} values`);
  readSample(message, end, times, values);
  return true;
}

/** Returns whether the label is short enough. */
function readLabel(message: BinaryReader, outerEnd: number, labels: Map<string, string>): boolean {
  const end = endOf(message, outerEnd);
  if (end - message.pos > 2 * MAX_LABEL_BYTES) return false;
  let name = '';
  let value = '';
  while (message.pos < end) {
    const [field, type] = message.tag();
    if (field === NAME && type === WireType.LengthDelimited) name = message.string();
    else if (field === VALUE && type === WireType.LengthDelimited) value = message.string();
    else skip(message, type);
  }
  requireEnd(message, end);
  labels.set(name, value);
  return true;
}

function readSample(message: BinaryReader, outerEnd: number, times: number[], values: number[]): void {
  const end = endOf(message, outerEnd);
  let value = 0;
  let timeMs = 0;
  while (message.pos < end) {
    const [field, type] = message.tag();
    if (field === NUMBER && type === WireType.Bit64) value = message.double();
    else if (field === TIME && type === WireType.Varint) timeMs = Number(message.int64());
    else skip(message, type);
  }
  requireEnd(message, end);
  times.push(timeMs);
  values.push(value);
}

/** Reads the length of a message inside another, and returns where it ends. */
function endOf(message: BinaryReader, outerEnd = message.len): number {
  const end = message.uint32() + message.pos;
  if (end > outerEnd) throw new RangeError('A message is longer than what contains it.');
  return end;
}

function requireEnd(message: BinaryReader, end: number): void {
  if (message.pos !== end) throw new RangeError('A field is longer than its message.');
}

/** Skips a field. Groups are refused, because they are nested without a length and no message has one. */
function skip(message: BinaryReader, type: WireType): void {
  if (type === WireType.StartGroup) throw new TypeError('The message has a group.');
  message.skip(type);
}

const tooLarge = (most: string) =>
  new AppError(
    'payload_too_large',
    `The request has more than ${most}; lower max_samples_per_send in queue_config.`,
  );

const malformed = (what: string, cause: unknown) =>
  new AppError(
    'invalid_request',
    `The body is not a WriteRequest of remote write 1.0: its ${what} is damaged.`,
    {
      cause,
    },
  );
