import { UsageError } from '../domain/errors.ts';
import { DEFAULT_RUNBOOKS, renderRules } from '../prometheus/rules.ts';
import { defineCommand } from './command.ts';

export const prometheusRules = defineCommand({
  summary: 'Print alerts and recording rules for Prometheus',
  usage: ['prometheus rules [--runbooks URL] [--public-url URL]'],
  examples: [
    [
      'prometheus rules > /etc/prometheus/hpc-observe.yml',
      'Name this file under rule_files of prometheus.yml',
    ],
    [
      'prometheus rules --public-url https://head01 --runbooks https://wiki.example.org/alerts',
      'Alerts lead to the pages of the service and to the page with what to do',
    ],
  ],
  settings: ['publicUrl'],
  flags: {
    runbooks: {
      takes: 'URL',
      help: `Where your site has published docs/alerts.md, to which runbook_url leads (${DEFAULT_RUNBOOKS})`,
    },
  },
  async run({ config: { publicUrl }, flags, print }) {
    const runbooks = flags.get('runbooks') ?? DEFAULT_RUNBOOKS;
    if (/[\s"#{}]/.test(runbooks)) throw new UsageError('--runbooks must be a URL without a fragment.');
    print(renderRules({ runbooks, publicUrl }));
    return 0;
  },
});
