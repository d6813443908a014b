import { expect, test } from 'bun:test';
import { hostname } from 'node:os';
import { isOwnHost } from '../../src/domain/site.ts';
import { basePathOf, findNames, siteOf } from '../../src/service/site.ts';

const NOTHING = {
  host: '127.0.0.1',
  listen: [],
  clientListen: [],
  publicUrl: null,
  basePath: '',
  serverNames: [],
  corsOrigins: [],
  frameAncestors: [],
};

test('the names of the machine and of all settings are those of the service', () => {
  const names = findNames({
    ...NOTHING,
    host: 'Head-IB0',
    listen: ['http://head-eth0:8080', '[::1]:80', 'unix:/run/head-unix'],
    clientListen: ['head-agents:8444'],
    publicUrl: 'https://Portal.example.org/hpc-observe',
    serverNames: ['observe.example.org'],
  });
  for (const name of [
    'localhost',
    hostname(),
    'head-ib0',
    'HEAD-ETH0:80',
    'head-agents',
    'portal.example.org',
  ])
    expect([name, isOwnHost({ names }, name)]).toEqual([name, true]);
  expect(isOwnHost({ names }, 'observe.example.org')).toBe(true);
  expect(isOwnHost({ names }, 'example.org')).toBe(false);
});

test.each([
  ['', null, ''],
  ['', 'https://portal.example.org', ''],
  ['', 'https://portal.example.org/hpc-observe', '/hpc-observe'],
  ['/other', 'https://portal.example.org/hpc-observe', '/other'],
  ['/other', null, '/other'],
])('with --base-path %j and --public-url %j the path is %j', (basePath, publicUrl, path) => {
  expect(basePathOf({ basePath, publicUrl })).toBe(path);
});

test('a place is reached as its listener is', () => {
  const names = findNames(NOTHING);
  const config = {
    ...NOTHING,
    publicUrl: 'https://portal.example.org/x',
    corsOrigins: ['https://a.org'],
    frameAncestors: ['https://b.org'],
  };
  expect(siteOf(config, { names, isTls: true, isUnix: true })).toEqual({
    checksNames: false,
    names,
    isTls: true,
    publicOrigin: 'https://portal.example.org',
    basePath: '/x',
    otherOrigins: new Set(['https://a.org']),
    frameAncestors: ['https://b.org'],
  });
});
