import type { SettingTable } from './setting.ts';
import { choice, interval, optionalText } from './values.ts';

/** Sending /metrics to a receiver, where no scrape reaches the service. */
export const PUSH_SETTINGS = {
  push: {
    name: 'push',
    takes: 'URL',
    otherwise: '',
    help: 'Send what /metrics shows to this address, where no scrape reaches it (see docs/metrics.md)',
    expects: 'an http or https URL without a user; see --push-user',
    parse: (value: string) => {
      if (value === '') return null;
      const url = URL.parse(value);
      return url && /^https?:$/.test(url.protocol) && !url.username && !url.password ? value : undefined;
    },
  },
  pushFormat: {
    name: 'push-format',
    takes: 'FORMAT',
    otherwise: 'auto',
    help: 'text, otlp (OTLP/HTTP in JSON), or auto: otlp if --push ends with /v1/metrics',
    ...choice('auto', 'text', 'otlp'),
  },
  pushIntervalMs: {
    name: 'push-interval',
    takes: 'TIME',
    otherwise: '15s',
    help: 'How often to send to --push',
    ...interval,
  },
  pushToken: {
    name: 'push-token',
    takes: 'TOKEN',
    otherwise: '',
    help: 'Bearer token for --push',
    isSecret: true,
    ...optionalText,
  },
  pushUser: {
    name: 'push-user',
    takes: 'NAME',
    otherwise: '',
    help: 'Name for --push, with --push-password-file',
    ...optionalText,
  },
  pushPassword: {
    name: 'push-password',
    takes: 'SECRET',
    otherwise: '',
    help: 'Password for --push',
    isSecret: true,
    ...optionalText,
  },
  pushCa: {
    name: 'push-ca',
    takes: 'FILE',
    otherwise: '',
    help: 'Authority of the certificate at --push, in PEM, if it is one that only the site knows',
    ...optionalText,
  },
} satisfies SettingTable;
