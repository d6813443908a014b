import type { Database } from 'bun:sqlite';
import {
  BLOCK_JOBS,
  FIRST_ID_PART,
  firstSeqOf,
  LIST_PARTS,
  type ListPart,
  NUMBER_PARTS,
  type NumberPart,
  TEXT_PARTS,
  type TextPart,
} from './columns.ts';
import {
  type NumberLists,
  spanOfPacked,
  type Texts,
  unpackLists,
  unpackNumbers,
  unpackTexts,
} from './pack.ts';

/** Blocks whose column is read with one statement, which takes a third of the time of one by one. */
const GROUP_BLOCKS = 16;
const NO_NUMBERS = new Float64Array(BLOCK_JOBS).fill(Number.NaN);

/** The columns of ended jobs with numbers from `firstSeq` on; each is read when it is asked for. */
export interface Block {
  readonly firstSeq: number;
  numbers(part: NumberPart): Float64Array;
  /** Least and largest of a column's numbers; NaN if there is none. */
  span(part: NumberPart): { readonly low: number; readonly high: number };
  /** Undefined if no job has one. */
  texts(part: TextPart): Texts | undefined;
  /** Undefined if no job has one. */
  lists(part: ListPart): NumberLists | undefined;
  /** The first id in the order of bytes. */
  firstId(): string;
  /** The id of the job at a place. */
  idAt(place: number): string;
}

/**
 * Yields all blocks in the order of the numbers of their jobs, or backwards. What a block returns holds until
 * the next block, which has its numbers in the same arrays.
 */
export function* readBlocks(db: Database, isAscending: boolean): Generator<Block> {
  // One text for all connections would be prepared anew each time: only 20 are kept (per-connection.ts).
  using selectBlocks = db.prepare<unknown, [number]>(
    `SELECT block FROM job_column WHERE part = ? ORDER BY block ${isAscending ? 'ASC' : 'DESC'}`,
  );
  using selectData = db.prepare<unknown, [number, number, number]>(
    'SELECT block, data FROM job_column WHERE part = ? AND block BETWEEN ? AND ?',
  );
  const blocks = (selectBlocks.values(NUMBER_PARTS.state) as number[][]).map(([block]) => block!);
  const rooms = new Map<number, Float64Array>();
  const roomOf = (part: number): Float64Array => {
    const room = rooms.get(part) ?? new Float64Array(BLOCK_JOBS);
    rooms.set(part, room);
    return room;
  };
  for (let at = 0; at < blocks.length; at += GROUP_BLOCKS) {
    const group = blocks.slice(at, at + GROUP_BLOCKS);
    const [low, high] = [Math.min(...group), Math.max(...group)];
    const known = new Map<number, ReadonlyMap<number, Uint8Array>>();
    const readPart = (part: number) => {
      const rows = selectData.values(part, low, high) as unknown as [number, Uint8Array][];
      const found = new Map(rows);
      known.set(part, found);
      return found;
    };
    for (const block of group) {
      const bytes = (part: number) => (known.get(part) ?? readPart(part)).get(block);
      yield columnsOf(firstSeqOf(block), bytes, roomOf);
    }
  }
}

function columnsOf(
  firstSeq: number,
  bytes: (part: number) => Uint8Array | undefined,
  roomOf: (part: number) => Float64Array,
): Block {
  const numbersByPart = new Map<NumberPart, Float64Array>();
  const textsByPart = new Map<TextPart, Texts>();

  function numbers(part: NumberPart): Float64Array {
    const known = numbersByPart.get(part);
    if (known) return known;
    const data = bytes(NUMBER_PARTS[part]);
    const read = data ? unpackNumbers(data, roomOf(NUMBER_PARTS[part])) : NO_NUMBERS;
    numbersByPart.set(part, read);
    return read;
  }

  function texts(part: TextPart): Texts | undefined {
    const known = textsByPart.get(part);
    if (known) return known;
    const data = bytes(TEXT_PARTS[part]);
    if (!data) return undefined;
    const read = unpackTexts(data, roomOf(TEXT_PARTS[part]));
    textsByPart.set(part, read);
    return read;
  }

  return {
    firstSeq,
    numbers,
    texts,
    span(part) {
      const data = bytes(NUMBER_PARTS[part]);
      return data ? spanOfPacked(data) : { low: Number.NaN, high: Number.NaN };
    },
    lists(part) {
      const data = bytes(LIST_PARTS[part]);
      return data && unpackLists(data, roomOf(LIST_PARTS[part]));
    },
    firstId: () => new TextDecoder().decode(bytes(FIRST_ID_PART)),
    idAt(place) {
      const { places, words } = texts('id') ?? { places: NO_NUMBERS, words: [] };
      return words[places[place]!] ?? String(numbers('idNumber')[place]);
    },
  };
}
