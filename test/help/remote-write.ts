import { readFileSync } from 'node:fs';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { compress_raw, initSync } from 'snappy-wasm';

/** A series to send: labels without the name, and values with times. */
export interface SentSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [timeMs: number, value: number])[];
}

export const REMOTE_WRITE_HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
};

let isLoaded = false;

/** Packs bytes as snappy does. */
export function snappy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!isLoaded) initSync(readFileSync('node_modules/snappy-wasm/es/snappy_bg.wasm'));
  isLoaded = true;
  return compress_raw(bytes) as Uint8Array<ArrayBuffer>;
}

/** Writes a WriteRequest, not yet packed. */
export function writeRequest(all: readonly SentSeries[]): Uint8Array {
  const message = new BinaryWriter();
  for (const series of all) message.tag(1, WireType.LengthDelimited).bytes(writeSeries(series));
  return message.finish();
}

function writeSeries({ name, labels, points }: SentSeries): Uint8Array {
  const series = new BinaryWriter();
  for (const [label, value] of Object.entries({ __name__: name, ...labels })) {
    const one = new BinaryWriter();
    one.tag(1, WireType.LengthDelimited).string(label).tag(2, WireType.LengthDelimited).string(value);
    series.tag(1, WireType.LengthDelimited).bytes(one.finish());
  }
  for (const [timeMs, value] of points) {
    const point = new BinaryWriter();
    point.tag(1, WireType.Bit64).double(value).tag(2, WireType.Varint).int64(timeMs);
    series.tag(2, WireType.LengthDelimited).bytes(point.finish());
  }
  return series.finish();
}

/** Returns the body of a remote write. */
export const remoteWrite = (all: readonly SentSeries[]): Uint8Array<ArrayBuffer> => snappy(writeRequest(all));

/** Reads Prometheus' text format: series with one value each at `timeMs`, and labels that a scrape adds. */
export const seriesOf = (
  text: string,
  timeMs: number,
  added: Readonly<Record<string, string>>,
): SentSeries[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', list = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)!;
      const labels = Object.fromEntries(
        [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, of]) => [key!, of!]),
      );
      return { name, labels: { ...labels, ...added }, points: [[timeMs, Number(value)]] };
    });
