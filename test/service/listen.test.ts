import { expect, test } from 'bun:test';
import { explainListenError } from '../../src/service/listen.ts';

test.each([
  ['EADDRINUSE', 'Port 80 of h is in use.', '--port'],
  ['EADDRNOTAVAIL', 'h is not an address of this machine.', '--host'],
  ['EACCES', 'This user may not listen on port 80', 'CAP_NET_BIND_SERVICE'],
  ['ENOENT', 'There is no host h.', '--host'],
  ['EAGAIN', 'There is no host h that this machine knows, and its name server does not answer.', '--host'],
  ['EMFILE', 'Cannot listen on h, port 80: too many files are open', 'ulimit -n'],
  ['ENEW', 'Cannot listen on h, port 80: it did not work.', ''],
])('%s is explained in a sentence', (code, words, remedy) => {
  const said = explainListenError('h', 80, Object.assign(new Error('it did not work'), { code }));
  expect(said).toContain(words);
  expect(said).toContain(remedy);
});
