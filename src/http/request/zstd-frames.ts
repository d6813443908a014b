import { AppError } from '../../domain/errors.ts';

const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type Part = 'magic' | 'descriptor' | 'skippable' | 'block';

/**
 * Walks along the frames of zstd data (RFC 8878) that comes in pieces, without unpacking it: the decoder takes data that is
 * cut off, or followed by something else, for whole. `invalid_request` for both.
 */
export class ZstdFrames {
  #part: Part = 'magic';
  /** Bytes of the header at hand, least significant first, and how many are still to come. */
  #bytes: number[] = [];
  #wanted = 4;
  /** Bytes of content that are passed over. */
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
      throw new AppError('invalid_request', 'The body is cut off: its last zstd frame is not complete.');
    }
  }

  #expect(part: Part, bytes: number, skip = 0): void {
    this.#part = part;
    this.#wanted = bytes;
    this.#skip = skip;
    this.#bytes = [];
  }

  #read(): void {
    // Without shifts, which would make a number of 32 bits negative.
    const value = this.#bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
    if (this.#part === 'magic') this.#readMagic(value);
    else if (this.#part === 'skippable') this.#expect('magic', 4, value);
    else if (this.#part === 'descriptor') this.#readDescriptor(value);
    else this.#readBlock(value);
  }

  #readMagic(value: number): void {
    if (value === FRAME) this.#expect('descriptor', 1);
    else if (value >= SKIPPABLE && value < SKIPPABLE + 16) this.#expect('skippable', 4);
    else throw new AppError('invalid_request', 'The body has bytes in it that are no zstd frame.');
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
