import { AppError } from '../../domain/errors.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type Part = 'magic' | 'descriptor' | 'skippable' | 'block';

/**
 * Follows the frames of zstd data (RFC 8878) in pieces, without decompressing it. Throws `invalid_request`
 * for truncated data and for data followed by other bytes. Bun's decoder accepts both.
 */
export class ZstdFrames {
  #part: Part = 'magic';
  /** Bytes of the current header, least significant first, and their wanted number. */
  #bytes: number[] = [];
  #wanted = 4;
  /** Bytes of content to skip. */
  #skip = 0;
  #hasChecksum = false;

  add(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, piece.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        this.#bytes.push(piece[at++]!);
        if (this.#bytes.length === this.#wanted) this.#read();
      }
    }
  }

  /** Call this after the last piece. */
  finish(): void {
    if (this.#part !== 'magic' || this.#bytes.length > 0 || this.#skip > 0) {
      throw new AppError('invalid_request', 'The body is truncated: its last zstd frame is incomplete.');
    }
  }

  #expect(part: Part, bytes: number, skip = 0): void {
    this.#part = part;
    this.#wanted = bytes;
    this.#skip = skip;
    this.#bytes = [];
  }

  #read(): void {
    // Multiplied instead of shifted, because shifting 32 bits gives negative numbers.
    const value = this.#bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    if (this.#part === 'magic') this.#readMagic(value);
    else if (this.#part === 'skippable') this.#expect('magic', 4, value);
    else if (this.#part === 'descriptor') this.#readDescriptor(value);
    else this.#readBlock(value);
  }

  #readMagic(value: number): void {
    if (value === FRAME) this.#expect('descriptor', 1);
    else if (value >= SKIPPABLE && value < SKIPPABLE + 16) this.#expect('skippable', 4);
    else throw new AppError('invalid_request', 'The body contains bytes that are not a zstd frame.');
  }

  #readDescriptor(descriptor: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    this.#hasChecksum = (descriptor & 4) !== 0;
    this.#expect('block', 3, (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes);
  }

  #readBlock(header: number): void {
    const type = (header >> 1) & 3;
    if (type === RESERVED_BLOCK) throw new AppError('invalid_request', 'The body is not valid zstd.');
    const size = type === RLE_BLOCK ? 1 : header >> 3;
    const isLast = (header & 1) === 1;
    if (isLast) this.#expect('magic', 4, size + (this.#hasChecksum ? 4 : 0));
    else this.#expect('block', 3, size);
  }
}
