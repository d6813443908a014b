import { Type } from '@sinclair/typebox';
import { operation } from './operation.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const GET_METRICS = operation({
  id: 'getMetrics',
  method: 'GET',
  path: '/metrics',
  tag: 'Service',
  access: 'metrics',
  summary: 'Scrape the metrics of running jobs and of the service, in Prometheus text format 0.0.4',
  answers: { 200: { schema: Type.String(), type: 'text/plain', means: 'The metric families' } },
  errors: ['unavailable'],
  repeatable: 'always',
});
