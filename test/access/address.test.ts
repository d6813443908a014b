import { expect, test } from 'bun:test';
import { isLoopback, isWildcard, parseAddress } from '../../src/access/address.ts';

const zeros = (count: number) => new Array<number>(count).fill(0);

test.each([
  ['127.0.0.1', [127, 0, 0, 1]],
  ['255.0.10.255', [255, 0, 10, 255]],
  ['::', zeros(16)],
  ['::1', [...zeros(15), 1]],
  ['::ffff:10.1.2.3', [10, 1, 2, 3]],
  ['::FFFF:7f00:1', [127, 0, 0, 1]],
  ['fe80::1%eth0', [0xfe, 0x80, ...zeros(13), 1]],
  ['2001:db8:0:1:2:3:4:5', [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5]],
  ['2001:db8::', [0x20, 1, 0xd, 0xb8, ...zeros(12)]],
])('the address %s is read', (text, bytes) => {
  expect([...parseAddress(text)!]).toEqual(bytes);
});

test.each([
  '',
  'head',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.-4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  '::g',
  '1:2:3:4:5:6:7::8',
  '::1.2.3.4:5',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('addresses that only this machine reaches are those of 127.0.0.0/8 and ::1', () => {
  const isLocal = (text: string) => isLoopback(parseAddress(text)!);
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'].map(isLocal)).not.toContain(false);
  expect(['0.0.0.0', '::', '10.0.0.1', '::2', '128.0.0.1', '7f::1'].map(isLocal)).not.toContain(true);
});

test('wildcards are 0.0.0.0 and ::', () => {
  const isAny = (text: string) => isWildcard(parseAddress(text)!);
  expect(['0.0.0.0', '::', '0.0.0.1', '::1'].map(isAny)).toEqual([true, true, false, false]);
});
