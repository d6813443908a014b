import { Type } from '@sinclair/typebox';
import { clockDifferenceMs, isSilent, type ReceivedReport } from '../domain/node-report.ts';
import { formatTime } from '../domain/time.ts';
import { answered, Time, type Wire } from './field.ts';
import { GpuBody, NodeReportBody, renderNodeReport } from './node-report.ts';
import { operation } from './operation.ts';

export const NodeAnswer = Type.Object({
  ...answered(NodeReportBody.properties),
  gpus: Type.Array(Type.Object(answered(GpuBody.properties)), { description: 'All GPUs of the node' }),
  received: Time('When the report arrived, by the clock of the service'),
  silent: Type.Boolean({ description: 'Whether it is too old to speak of the present' }),
  clock_difference_seconds: Type.Number({
    description:
      'How far the clock of the service is ahead of that of the node, the way of the report included',
  }),
});
export type NodeAnswer = Wire<typeof NodeAnswer>;

export const NodeListAnswer = Type.Object({ nodes: Type.Array(NodeAnswer) }, { $id: 'NodeList' });
export type NodeListAnswer = Wire<typeof NodeListAnswer>;

export const renderNode = (received: ReceivedReport, nowMs: number): NodeAnswer => ({
  ...(renderNodeReport(received.report) as NodeAnswer),
  received: formatTime(received.receivedMs),
  silent: isSilent(received, nowMs),
  clock_difference_seconds: clockDifferenceMs(received) / 1000,
});

export const LIST_NODES = operation({
  id: 'listNodes',
  method: 'GET',
  path: '/v1/nodes',
  tag: 'Cluster',
  access: 'read',
  summary: 'List the nodes whose agents reported within 30 days, with the newest report of each',
  answers: { 200: { schema: NodeListAnswer, means: 'The nodes in the order of their names' } },
  errors: ['unavailable'],
  repeatable: 'always',
});
