import { expect, test } from 'bun:test';
import { ownerOf } from '../../src/access/client-socket.ts';

const SOCKET = { uid: 1000, inode: 7, state: 1 };

test('a socket whose process waits for an answer belongs to its user', () => {
  expect([1, 4, 5].map((state) => ownerOf({ ...SOCKET, state }))).toEqual([1000, 1000, 1000]);
  expect(ownerOf({ ...SOCKET, uid: 0 })).toBe(0);
});

test('no socket, one that its process closed, or one of an unknown user belongs to nobody', () => {
  expect(ownerOf(undefined)).toBeUndefined();
  expect(ownerOf({ uid: 0, inode: 0, state: 5 })).toBeUndefined();
  expect(ownerOf({ ...SOCKET, uid: 65_534 })).toBeUndefined();
  expect(ownerOf({ ...SOCKET, uid: 0xffff_ffff })).toBeUndefined();
});

test('a socket that does not wait for an answer belongs to nobody', () => {
  const others = [0, 2, 3, 6, 7, 8, 9, 10, 11, 12];
  expect(others.map((state) => ownerOf({ ...SOCKET, state }))).toEqual(others.map(() => undefined));
});
