import { Type } from '@sinclair/typebox';
import type { Duty } from '../domain/duty.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { Choice, Time, type Wire } from './field.ts';
import { operation } from './operation.ts';

export const HealthAnswer = Type.Object(
  {
    status: Choice(['healthy', 'unhealthy']),
    timestamp: Time('Clock of the server'),
    version: Type.String({ description: 'Version of the service' }),
    duty: Type.Optional(
      Choice(
        ['writer', 'reader'],
        'Where services share a PostgreSQL database: whether this one stores what arrives, or only answers reads',
      ),
    ),
  },
  { $id: 'Health', additionalProperties: false },
);
export type HealthAnswer = Wire<typeof HealthAnswer>;

interface Health {
  readonly isHealthy: boolean;
  /** The clock of the server. */
  readonly nowMs: number;
  readonly version: string;
  /** Undefined for a service that has its database for itself. */
  readonly duty?: Duty | undefined;
}

export const renderHealth = ({ isHealthy, nowMs, version, duty }: Health): HealthAnswer => ({
  status: isHealthy ? 'healthy' : 'unhealthy',
  timestamp: formatTime(nowMs),
  version,
  ...(duty && { duty }),
});

export const readHealth = ({ status, timestamp, version, duty }: HealthAnswer): Health => ({
  isHealthy: status === 'healthy',
  nowMs: requireTime('timestamp', timestamp),
  version,
  ...(duty && { duty }),
});

export const GET_HEALTH = operation({
  id: 'getHealth',
  method: 'GET',
  path: '/v1/health',
  tag: 'Service',
  access: 'health',
  summary:
    'Check whether the service can store data; each check commits one small write, or asks whether another service does',
  answers: {
    200: {
      schema: HealthAnswer,
      means: 'The service can store data, or another one that shares its database does',
    },
    503: {
      schema: HealthAnswer,
      means:
        'The service cannot store data: the disk is full or failing, the database is away, or the service is stopping',
    },
  },
  errors: [],
  repeatable: 'always',
});
