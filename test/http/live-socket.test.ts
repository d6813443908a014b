import { expect, test } from 'bun:test';
import { pastJob } from '../help/builders.ts';
import { openConnection } from '../help/connection.ts';
import { startService } from '../help/service.ts';

test('a client that reads nothing of its socket is disconnected', async () => {
  await using service = await startService({ liveTimes: { tellMs: 1, beatMs: 3_600_000 } });
  service.app.listen({ hostname: '127.0.0.1', port: 0 });
  const server = service.app.server!;
  using connection = await openConnection(server.url.href, { isReading: false });
  connection.send('GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  while (service.live.count() === 0) await Bun.sleep(1);
  // The kernel takes some megabytes before the service sees that nobody reads.
  for (let round = 0; service.live.count() === 1; round++) {
    expect(round).toBeLessThan(5000);
    const names = Array.from({ length: 31 }, (_, index) => `${round}-${index}-`.padEnd(250, 'x'));
    await service.store.createJobs(names.map((id) => pastJob(id, { nodes: [] })));
  }
  await server.stop(true);
});
