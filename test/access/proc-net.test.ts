import { expect, test } from 'bun:test';
import { parseAddress } from '../../src/access/address.ts';
import { findInTables, tableReader } from '../../src/access/proc-net.ts';

// Captured on Linux 6.18; each row of tcp has 149 characters and ends with blanks.
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode   ';
const ROWS = [
  HEAD,
  '   7: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 191780 3 000000001c0dce27 100 0 0 10 0   ',
  '  43: 0100007F:CC14 0101007F:A5D1 06 00000000:00000000 03:00000178 00000000     0        0 0 3 00000000de1f3c52   ',
  ' 108: 0100007F:AA0C 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 12001        0 191781 2 0000000020967f12 20 0 0 10 -1   ',
  ' 114: 0100007F:1F90 0100007F:AA0C 03 00000000:00000000 01:00000061 00000000     0        0 0 0 000000000a38891d   ',
];
const ROWS6 = [
  HEAD,
  '   1: 00000000000000000000000001000000:C5FC 00000000000000000000000001000000:9157 01 00000000:00000000 03:00000A73 00000000  1000        0 4711 3 0000000056ae2d1a',
  '  12: 0000000000000000FFFF00000100007F:A8A8 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000 12001        0 191783 2 00000000bb586cbd 20 0 0 10 -1',
];
const TABLES = { tcp: `${ROWS.join('\n')}\n`, tcp6: `${ROWS6.join('\n')}\n` };

const find = (local: [string, number], remote: [string, number], tables = TABLES) =>
  findInTables(tables, {
    local: { address: parseAddress(local[0])!, port: local[1] },
    remote: { address: parseAddress(remote[0])!, port: remote[1] },
  });

test('the socket with both ends is found, of IPv4, of IPv6, and of IPv4 by a socket of IPv6', () => {
  expect(find(['127.0.0.1', 0xaa0c], ['127.0.0.1', 8080])).toEqual({ uid: 12_001, inode: 191_781, state: 1 });
  expect(find(['::1', 0xc5fc], ['::1', 0x9157])).toEqual({ uid: 1000, inode: 4711, state: 1 });
  expect(find(['127.0.0.1', 0xa8a8], ['127.0.0.1', 8080])).toEqual({ uid: 12_001, inode: 191_783, state: 1 });
});

test('a socket in TIME_WAIT has the inode 0', () => {
  expect(find(['127.0.0.1', 0xcc14], ['127.0.1.1', 0xa5d1])).toEqual({ uid: 0, inode: 0, state: 6 });
});

test('a socket whose other end differs is not found', () => {
  expect(find(['127.0.0.1', 0xaa0c], ['127.0.0.2', 8080])).toBeUndefined();
  expect(find(['127.0.0.1', 0xaa0c], ['127.0.0.1', 8081])).toBeUndefined();
  expect(find(['127.0.0.1', 0xaa0d], ['127.0.0.1', 8080])).toBeUndefined();
  expect(find(['::1', 0xaa0c], ['::1', 8080])).toBeUndefined();
});

test('a table that is empty, or ends within a row, has no such socket', () => {
  const local: [string, number] = ['127.0.0.1', 0xaa0c];
  const remote: [string, number] = ['127.0.0.1', 8080];
  expect(find(local, remote, { tcp: '', tcp6: '' })).toBeUndefined();
  const whole = TABLES.tcp.slice(0, TABLES.tcp.indexOf('191781'));
  for (const length of [whole.length, whole.length - 10, whole.length - 60])
    expect(find(local, remote, { tcp: TABLES.tcp.slice(0, length), tcp6: '' })).toBeUndefined();
});

test('each caller gets a reading that began after it asked, and one is under way at a time', async () => {
  const readings: PromiseWithResolvers<{ tcp: string; tcp6: string }>[] = [];
  const read = tableReader(() => {
    readings.push(Promise.withResolvers());
    return readings.at(-1)!.promise;
  });
  const first = read();
  const second = read();
  const third = read();
  expect(readings).toHaveLength(1);
  readings[0]!.resolve({ tcp: '1', tcp6: '' });
  expect((await first).tcp).toBe('1');
  await Bun.sleep(0);
  expect(readings).toHaveLength(2);
  const fourth = read();
  readings[1]!.resolve({ tcp: '2', tcp6: '' });
  expect([(await second).tcp, (await third).tcp]).toEqual(['2', '2']);
  await Bun.sleep(0);
  readings[2]!.resolve({ tcp: '3', tcp6: '' });
  expect((await fourth).tcp).toBe('3');
  expect(readings).toHaveLength(3);
});

test('after a reading that failed the next one begins', async () => {
  let count = 0;
  const read = tableReader(async () => {
    count++;
    if (count === 1) throw new Error('once');
    return { tcp: String(count), tcp6: '' };
  });
  const [first, second] = [read(), read()];
  await expect(first).rejects.toThrow('once');
  expect((await second).tcp).toBe('2');
});

test('the tables of this machine are read whole', async () => {
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('') });
  const { tcp } = await tableReader()();
  expect(tcp).toContain(
    `0100007F:${server.port!.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`,
  );
  expect(tcp.trimEnd().split('\n').length).toBeGreaterThan(1);
  server.stop(true);
});
