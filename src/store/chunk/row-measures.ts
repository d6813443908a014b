/**
 * Further measures of the samples of a row of the log (`log.further`), and of a batch on its way to the
 * writing thread. Little-endian; doubles, with NaN where something was not measured. docs/storage.md
 * specifies the format.
 *
 *   head      4 Uint32   number of columns, of readings of GPUs, of their columns, and bytes of `names`
 *   codes     1 byte a column, those of GPUs last: numbers of measures
 *   names     UUIDs of GPUs, UTF-8, joined with "\n"; zeros follow up to a multiple of 8 bytes
 *   columns   Float64, one value a sample
 *   of GPUs   Float64, one value a reading
 *   samples   Uint32 a reading: the place of its sample, ascending
 *   gpus      Uint32 a reading: the place of its GPU among the names
 */
import type { BatchMeasures, MeasureColumns } from '../../domain/batch-measures.ts';

/** Measures of samples, each GPU named once. */
export interface RowMeasures {
  readonly columns: MeasureColumns;
  readonly gpus: RowGpus;
}

/** Readings of single GPUs, in the order of their samples. */
export interface RowGpus {
  /** The place of the sample of each reading, and of its GPU in `names`. */
  readonly samples: Uint32Array;
  readonly gpus: Uint32Array;
  readonly names: readonly string[];
  /** One value a reading. */
  readonly columns: MeasureColumns;
}

const HEAD_BYTES = 16;
const VALUE_BYTES = 8;

const aligned = (bytes: number) => Math.ceil(bytes / VALUE_BYTES) * VALUE_BYTES;

/** Returns the measures of a batch with each GPU named once. */
export function nameGpusOnce({ columns, gpus }: BatchMeasures): RowMeasures {
  const places = new Map<string, number>();
  const placeOf = (name: string): number => {
    const place = places.get(name) ?? places.size;
    if (place === places.size) places.set(name, place);
    return place;
  };
  return {
    columns,
    gpus: {
      samples: gpus?.samples ?? new Uint32Array(0),
      gpus: Uint32Array.from(gpus?.names ?? [], placeOf),
      names: [...places.keys()],
      columns: gpus?.columns ?? new Map(),
    },
  };
}

/** Packs measures of `count` samples. */
export function packMeasures({ columns, gpus }: RowMeasures, count: number): Uint8Array<ArrayBuffer> {
  const readings = gpus.samples.length;
  const names = new TextEncoder().encode(gpus.names.join('\n'));
  const codes = [...columns.keys(), ...gpus.columns.keys()];
  const valuesAt = aligned(HEAD_BYTES + codes.length + names.length);
  const values = columns.size * count + gpus.columns.size * readings;
  const bytes = new Uint8Array(valuesAt + VALUE_BYTES * (values + readings));
  new Uint32Array(bytes.buffer, 0, 4).set([columns.size, readings, gpus.columns.size, names.length]);
  bytes.set(codes, HEAD_BYTES);
  bytes.set(names, HEAD_BYTES + codes.length);
  const numbers = new Float64Array(bytes.buffer, valuesAt, values);
  let at = 0;
  for (const column of [...columns.values(), ...gpus.columns.values()]) {
    numbers.set(column, at);
    at += column.length;
  }
  const places = new Uint32Array(bytes.buffer, valuesAt + VALUE_BYTES * values);
  places.set(gpus.samples);
  places.set(gpus.gpus, readings);
  return bytes;
}

/** Unpacks measures of `count` samples; the columns share the memory of `packed`. */
export function unpackMeasures(packed: Uint8Array, count: number): RowMeasures {
  const bytes = packed.byteOffset % VALUE_BYTES === 0 ? packed : packed.slice();
  const { buffer, byteOffset } = bytes;
  const [size, readings, gpuSize, nameBytes] = new Uint32Array(buffer, byteOffset, 4) as unknown as Head;
  const namesAt = HEAD_BYTES + size + gpuSize;
  const codes = bytes.subarray(HEAD_BYTES, namesAt);
  const names = bytes.subarray(namesAt, namesAt + nameBytes);
  let at = byteOffset + aligned(namesAt + nameBytes);
  const readColumns = (some: Uint8Array, length: number): MeasureColumns =>
    new Map(
      Array.from(some, (code) => {
        const column = new Float64Array(buffer, at, length);
        at += VALUE_BYTES * length;
        return [code, column];
      }),
    );
  const columns = readColumns(codes.subarray(0, size), count);
  const gpuColumns = readColumns(codes.subarray(size), readings);
  return {
    columns,
    gpus: {
      samples: new Uint32Array(buffer, at, readings),
      gpus: new Uint32Array(buffer, at + 4 * readings, readings),
      names: nameBytes === 0 ? [] : new TextDecoder().decode(names).split('\n'),
      columns: gpuColumns,
    },
  };
}

type Head = readonly [columns: number, readings: number, gpuColumns: number, nameBytes: number];
