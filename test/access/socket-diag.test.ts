import { expect, test } from 'bun:test';
import { parseAddress } from '../../src/access/address.ts';
import { type Ends, encodeQuery, parseAnswer, sequenceOf } from '../../src/access/socket-diag.ts';

const end = (address: string, port: number) => ({ address: parseAddress(address)!, port });
const ENDS: Ends = { local: end('127.0.0.1', 43_532), remote: end('127.0.0.1', 8080) };

/** An answer of Linux 6.18: the end of a client of the user 12001, ESTABLISHED. */
const ANSWER = () => Uint8Array.from(Buffer.from(CAPTURED, 'hex'));
const CAPTURED =
  '7c00000014000000070000006f6a000002010000aa0c1f907f0000010000000000000000000000007f000001000000000000000000000000000000009500000000000000000000000000000000000000e12e000025ed0200050008000000000008000f00000000000c00150001000000000000000600160052000000';

test('a question names both ends of the socket', () => {
  expect(Buffer.from(encodeQuery(7, ENDS)).toString('hex')).toBe(
    [
      '48000000140001000700000000000000', // 72 bytes, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, number 7
      '02060000ffffffff', // AF_INET, IPPROTO_TCP, all states
      'aa0c1f90', // ports
      `7f000001${'00'.repeat(12)}7f000001${'00'.repeat(12)}`,
      '00000000ffffffffffffffff', // any interface, no cookie
    ].join(''),
  );
  const query = encodeQuery(1, { local: end('::1', 1), remote: end('fe80::2', 2) });
  expect([query[16], query.length, query[43], query[59]]).toEqual([10, 72, 1, 2]);
});

test('an answer has the user, the inode and the state', () => {
  expect(sequenceOf(ANSWER())).toBe(7);
  expect(parseAnswer(ANSWER(), 7, ENDS)).toEqual({ uid: 12_001, inode: 191_781, state: 1 });
});

test('an answer about an IPv4 connection of a socket of IPv6 is one about this connection', () => {
  const answer = ANSWER();
  answer[16] = 10;
  const mapped = [...new Array(10).fill(0), 0xff, 0xff, 127, 0, 0, 1];
  answer.set(mapped, 24);
  answer.set(mapped, 40);
  expect(parseAnswer(answer, 7, ENDS)?.uid).toBe(12_001);
});

const CHANGES: [what: string, change: (answer: Uint8Array) => Uint8Array][] = [
  ['is cut off', (answer) => answer.subarray(0, 87)],
  ['is empty', () => new Uint8Array(0)],
  ['says that it is longer than it is', (answer) => set(answer, 0, 200)],
  ['says that it is shorter than an answer', (answer) => set(answer, 0, 40)],
  ['is an error', (answer) => set(answer, 4, 2)],
  ['answers another question', (answer) => set(answer, 8, 8)],
  ['is about another family', (answer) => set(answer, 16, 1)],
  ['is about another local port', (answer) => set(answer, 20, 1)],
  ['is about another remote port', (answer) => set(answer, 22, 1)],
  ['is about another local address', (answer) => set(answer, 27, 2)],
  ['is about another remote address', (answer) => set(answer, 43, 2)],
  ['is about a socket that listens', (answer) => set(set(answer, 22, 0), 23, 0)],
];

function set(answer: Uint8Array, at: number, value: number): Uint8Array {
  answer[at] = value;
  return answer;
}

test.each(CHANGES)('an answer that %s is no answer', (_, change) => {
  expect(parseAnswer(change(ANSWER()), 7, ENDS)).toBeUndefined();
});
