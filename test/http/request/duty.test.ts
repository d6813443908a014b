import { expect, test } from 'bun:test';
import { OPERATIONS } from '../../../src/api/operations.ts';
import type { Duty } from '../../../src/domain/duty.ts';
import { WriterElsewhere } from '../../../src/domain/errors.ts';
import { requireWriter } from '../../../src/http/request/duty.ts';

const as = (duty: Duty) => ({ duty: () => duty, writerUrl: () => 'http://a:8080' });

test.each(OPERATIONS.map(({ method, path }) => [method, path]))(
  '%s %s is answered by a reader only if it writes nothing',
  (method, path) => {
    expect(() => requireWriter(as('writer'), method, path)).not.toThrow();
    const ask = () => requireWriter(as('reader'), method, path);
    if (method === 'GET' || path === '/v1/policies/try') expect(ask).not.toThrow();
    else expect(ask).toThrow(new WriterElsewhere('http://a:8080'));
  },
);
