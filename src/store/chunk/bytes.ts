import { zstdCompressSync, zstdDecompressSync } from 'bun';

/** A chunk that cannot be read; the message is a sentence without the name of the job. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
}

export const damaged = (what: string) => new ChunkError(`The chunk is damaged: ${what}.`);

const ZSTD_MAGIC = 0xfd2fb528;
/** Frame header descriptor: one segment, content size of four bytes, no checksum, no dictionary. */
const ZSTD_DESCRIPTOR = 0xa0;
const ZSTD_HEADER_BYTES = 9;
/** Higher levels take two to ten times as long for less than a hundredth: what is left here are no repetitions. */
const ZSTD_LEVEL = 1;

/** Collects the bytes of a chunk, of which the greatest size is known. */
export class ChunkWriter {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** A safe integer: the sign and six bits, then seven bits a byte; the highest bit says that another follows. */
  integer(value: number): void {
    const size = Math.abs(value);
    let low = (size % 64) * 2 + (value < 0 ? 1 : 0);
    for (let rest = Math.floor(size / 64); rest > 0; rest = Math.floor(rest / 128)) {
      this.byte(low + 128);
      low = rest % 128;
    }
    this.byte(low);
  }

  /**
   * A zstd frame without its header, which would only repeat the length: who reads knows it. So no frame can claim more
   * than it may hold, and its last block tells where it ends.
   */
  compressed(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const frame = zstdCompressSync(bytes, { level: ZSTD_LEVEL });
    const descriptor = frame[4]!;
    if ((descriptor & 0x3f) !== 0x20) throw new Error('zstd wrote a frame that chunks do not know.');
    const blocks = frame.subarray(5 + (1 << (descriptor >> 6)));
    this.#bytes.set(blocks, this.#length);
    this.#length += blocks.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Reads the bytes of a chunk; never beyond the end. */
export class ChunkReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw damaged('it ends too early');
    return value;
  }

  integer(): number {
    let byte = this.byte();
    const sign = byte & 1 ? -1 : 1;
    let size = (byte & 127) >> 1;
    for (let weight = 64; byte > 127; weight *= 128) {
      byte = this.byte();
      size += (byte & 127) * weight;
      if (size > Number.MAX_SAFE_INTEGER) throw damaged('a number is too large');
    }
    return sign * size;
  }

  /** `length` bytes that were compressed. */
  compressed(length: number): Uint8Array {
    if (length === 0) return new Uint8Array();
    const start = this.#at;
    this.#skipBlocks();
    const frame = new Uint8Array(ZSTD_HEADER_BYTES + this.#at - start);
    const header = new DataView(frame.buffer);
    header.setUint32(0, ZSTD_MAGIC, true);
    header.setUint8(4, ZSTD_DESCRIPTOR);
    header.setUint32(5, length, true);
    frame.set(this.#bytes.subarray(start, this.#at), ZSTD_HEADER_BYTES);
    try {
      return zstdDecompressSync(frame);
    } catch (error) {
      throw new ChunkError('The chunk is damaged: a part of it cannot be decompressed.', { cause: error });
    }
  }

  /** To the end of a frame: each block has a header of three bytes with "last", its kind and its size. */
  #skipBlocks(): void {
    for (let isLast = false; !isLast; ) {
      const header = this.byte() + this.byte() * 0x100 + this.byte() * 0x10000;
      isLast = (header & 1) === 1;
      const repeatsOneByte = ((header >> 1) & 3) === 1;
      this.#at += repeatsOneByte ? 1 : header >> 3;
    }
    if (this.#at > this.#bytes.length) throw damaged('it ends too early');
  }

  /** Nothing may follow. */
  finish(): void {
    if (this.#at !== this.#bytes.length) throw damaged('something follows its end');
  }
}
