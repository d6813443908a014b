import { Type } from '@sinclair/typebox';
import type { ToldChanges } from '../domain/changes.ts';
import type { Wire } from './field.ts';
import { operation } from './operation.ts';

/** How often a stream without changes says that it is still there. */
export const HEARTBEAT_SECONDS = 15;

const HelloEvent = Type.Object({
  version: Type.String({ description: 'Version of the service' }),
  heartbeat_seconds: Type.Integer({ description: 'A stream that is silent for longer is broken' }),
});
export type HelloEvent = Wire<typeof HelloEvent>;

const ChangeEvent = Type.Object({
  jobs: Type.Array(Type.String(), { description: 'Jobs that were created, changed or deleted; at most 100' }),
  more_jobs: Type.Boolean({ description: 'Whether others were as well' }),
  measured: Type.Array(Type.String(), { description: 'Jobs that got samples; at most 100' }),
  more_measured: Type.Boolean({ description: 'Whether others did as well' }),
  nodes: Type.Boolean({ description: 'Whether nodes reported' }),
});
export type ChangeEvent = Wire<typeof ChangeEvent>;

export const renderHello = (version: string): HelloEvent => ({
  version,
  heartbeat_seconds: HEARTBEAT_SECONDS,
});

export const renderChange = (told: ToldChanges): ChangeEvent => ({
  jobs: told.jobs,
  more_jobs: told.hasMoreJobs,
  measured: told.measured,
  more_measured: told.hasMoreMeasured,
  nodes: told.nodes,
});

export const EVENT_STREAM = 'text/event-stream';

export const WATCH_CHANGES = operation({
  id: 'watchChanges',
  method: 'GET',
  path: '/v1/live',
  tag: 'Cluster',
  access: 'read',
  summary:
    'Watch which jobs change: a stream of server-sent events for as long as the client stays. `hello` comes first, `change` ' +
    `after changes, at most once a second, and \`heartbeat\` every ${HEARTBEAT_SECONDS} s`,
  answers: {
    200: {
      type: EVENT_STREAM,
      schema: Type.String({
        description:
          'Each event is `event: NAME`, then `data: JSON`. The data of `hello` has version and heartbeat_seconds. That of ' +
          '`change` has jobs (created, changed or deleted) and measured (that got samples), each up to 100 ids, more_jobs ' +
          'and more_measured (whether there were others), and nodes (whether nodes reported)',
        example:
          'event: change\ndata: {"jobs":["4711"],"more_jobs":false,"measured":[],"more_measured":false,"nodes":true}\n\n',
      }),
      means: 'The events, of jobs that the caller may see',
    },
  },
  errors: ['unavailable'],
  repeatable: 'always',
});
