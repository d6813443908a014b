/**
 * The newest values of a series (`latest_measures.data`), which each sample replaces: fixed places, because
 * that is the fastest. Little-endian.
 *
 *   version   1 byte    1
 *   names     1 byte    number of GPUs; then of each its UUID: length (1 byte) and bytes (UTF-8)
 *   values    10 bytes each, to the end: number of the measure, n of the n-th GPU or 0, and a Float64
 */
import type { LiveValue } from '../../domain/live-measures.ts';
import { damaged } from './bytes.ts';

const VERSION = 1;
const VALUE_BYTES = 10;
/** What one byte can count. */
const MAX_BYTE = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Packs values; those of GPUs beyond the 255th are left out. */
export function packLiveValues(values: readonly LiveValue[]): Uint8Array {
  const names = new Map<string, number>([['', 0]]);
  for (const { gpu } of values) if (!names.has(gpu) && names.size <= MAX_BYTE) names.set(gpu, names.size);
  const texts = [...names.keys()].slice(1).map((name) => encoder.encode(name).subarray(0, MAX_BYTE));
  const kept = values.filter(({ gpu }) => names.has(gpu));
  const nameBytes = texts.reduce((sum, { length }) => sum + 1 + length, 0);
  const bytes = new Uint8Array(2 + nameBytes + VALUE_BYTES * kept.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  bytes[1] = texts.length;
  let at = 2;
  for (const text of texts) {
    bytes[at++] = text.length;
    bytes.set(text, at);
    at += text.length;
  }
  for (const { code, gpu, value } of kept) {
    bytes[at] = code;
    bytes[at + 1] = names.get(gpu)!;
    view.setFloat64(at + 2, value, true);
    at += VALUE_BYTES;
  }
  return bytes;
}

/** Throws ChunkError for bytes that `packLiveValues` did not write. */
export function unpackLiveValues(bytes: Uint8Array): LiveValue[] {
  if (bytes[0] !== VERSION) throw damaged(`its version is ${bytes[0]}`);
  const names = [''];
  let at = 2;
  for (let left = bytes[1] ?? 0; left > 0; left--) {
    const length = bytes[at++] ?? 0;
    names.push(decoder.decode(bytes.subarray(at, at + length)));
    at += length;
  }
  if (at > bytes.length || (bytes.length - at) % VALUE_BYTES !== 0) throw damaged('it ends too early');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: LiveValue[] = [];
  for (; at < bytes.length; at += VALUE_BYTES) {
    const gpu = names[bytes[at + 1]!];
    if (gpu === undefined) throw damaged('a GPU has no name');
    values.push({ code: bytes[at]!, gpu, value: view.getFloat64(at + 2, true) });
  }
  return values;
}
