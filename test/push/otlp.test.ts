import { expect, test } from 'bun:test';
import { readResource } from '../../src/ingest/otlp.ts';
import { otlpBodies } from '../../src/push/otlp.ts';

async function bodiesOf(text: string) {
  const bodies = await Array.fromAsync(
    otlpBodies(new TextEncoder().encode(text), { job: 'hpc-observe', instance: 'head01' }),
  );
  return bodies.map((body) => ({ ...body, request: JSON.parse(body.text) }));
}

test('gauges, counters and histograms are what OTLP has for them', async () => {
  const [body] = await bodiesOf(
    '# TYPE g gauge\ng{job_id="a\\"\\\\n\\n",node="n1"} 1.5 1000\n' +
      '# TYPE c_total counter\nc_total 3 1000\n' +
      '# TYPE h histogram\n' +
      'h_bucket{le="0.5",route="/a"} 1 1000\nh_bucket{le="1",route="/a"} 1 1000\nh_bucket{le="+Inf",route="/a"} 4 1000\n' +
      'h_sum{route="/a"} 9.5 1000\nh_count{route="/a"} 4 1000\n',
  );
  expect(body!.samples).toBe(7);
  const [{ resource, scopeMetrics }] = body!.request.resourceMetrics;
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  expect(resource.attributes).toEqual([
    attribute('service.name', 'hpc-observe'),
    attribute('service.instance.id', 'head01'),
  ]);
  const time = { timeUnixNano: '1000000000' };
  expect(scopeMetrics[0].metrics).toEqual([
    {
      name: 'g',
      gauge: {
        dataPoints: [
          { attributes: [attribute('job_id', 'a"\\n\n'), attribute('node', 'n1')], ...time, asDouble: 1.5 },
        ],
      },
    },
    {
      name: 'c_total',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [{ attributes: [], ...time, asDouble: 3 }],
      },
    },
    {
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            attributes: [attribute('route', '/a')],
            ...time,
            count: '4',
            sum: 9.5,
            explicitBounds: [0.5, 1],
            bucketCounts: ['1', '0', '3'],
          },
        ],
      },
    },
  ]);
});

test('a large snapshot is cut into several requests, which our own receiver reads whole', async () => {
  const lines = Array.from({ length: 25_000 }, (_, index) => `g{job_id="${index}"} ${index} 5\n`);
  const bodies = await bodiesOf(`# TYPE g gauge\n${lines.join('')}`);
  expect(bodies.length).toBeGreaterThan(1);
  const series = bodies.flatMap(({ request }) =>
    request.resourceMetrics.flatMap((resource: unknown) => readResource(resource).series),
  );
  expect(series).toHaveLength(25_000);
  expect(
    series.every(({ name, times, values }) => name === 'g' && times[0] === 5 && values.length === 1),
  ).toBe(true);
  expect(bodies.reduce((sum, { samples }) => sum + samples, 0)).toBe(25_000);
});

test('a value that JSON has no number for is left out', async () => {
  const [body] = await bodiesOf('# TYPE g gauge\ng{x="1"} NaN 5\ng{x="2"} +Inf 5\n');
  expect(body!.request.resourceMetrics[0].scopeMetrics[0].metrics).toEqual([]);
  expect(await bodiesOf('')).toEqual([]);
});
