import { expect, test } from 'bun:test';
import { describeListener, parseListener } from '../../src/settings/listener.ts';

test.each([
  ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
  ['head:0', { kind: 'tcp', host: 'head', port: 0 }],
  ['http://127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080, isPlain: true }],
  ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65_535 }],
  ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock', mode: 0o600, group: undefined }],
  [
    'unix:/run/a.sock?mode=0660&group=slurm',
    { kind: 'unix', path: '/run/a.sock', mode: 0o660, group: 'slurm' },
  ],
  ['unix:/run/a:b.sock?group=12&mode=666', { kind: 'unix', path: '/run/a:b.sock', mode: 0o666, group: '12' }],
] as const)('the listener %s is read', (text, listener) => {
  expect(parseListener(text)).toEqual(listener);
});

test.each([
  '',
  '8080',
  ':8080',
  'head',
  'head:',
  'head:x',
  'head:65536',
  '::1:8080',
  'https://head:1',
  'http://head',
  'http://head:1/',
  '[::1]',
  '[]:1',
  'unix:',
  'unix:a.sock',
  'unix:/a?mode=1660',
  'unix:/a?mode=888',
  'unix:/a?mode=',
  'unix:/a?group=',
  'unix:/a?owner=root',
  'unix:/a?mode=600?group=x',
  `unix:/${'a'.repeat(107)}`,
])('%j is no listener', (text) => {
  expect(parseListener(text)).toBeUndefined();
});

test('a listener is described as the setting takes it', () => {
  const texts = ['127.0.0.1:8080', '[::1]:80', 'unix:/run/a.sock'];
  expect(texts.map((text) => describeListener(parseListener(text)!))).toEqual(texts);
});
