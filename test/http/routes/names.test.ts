import { expect, test } from 'bun:test';
import { pastJob } from '../../help/builders.ts';
import { startService } from '../../help/service.ts';

test('names are completed by kind and prefix', async () => {
  await using service = await startService();
  await service.store.createJobs([pastJob('1'), pastJob('2', { user: 'al,b "x"', nodes: ['n2'] })]);
  const get = (search: string) => service.send('GET', `/v1/names?${search}`);
  expect((await get('kind=user&prefix=al')).json).toEqual({ names: ['al,b "x"', 'alice'] });
  expect((await get('kind=node')).json).toEqual({ names: ['n1', 'n2'] });
  for (const search of ['', 'kind=job', 'kind=user&prefix=', 'kind=user&like=a']) {
    const { status, json } = await get(search);
    expect({ search, status, error: json.error }).toEqual({ search, status: 400, error: 'validation_error' });
  }
});
