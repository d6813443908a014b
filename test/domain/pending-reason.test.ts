import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { causeOf, codeOf, explainReason } from '../../src/domain/pending-reason.ts';
import { WAIT_CAUSES } from '../../src/domain/wait-cause.ts';

const REASONS = readFileSync(new URL('../fixtures/slurm/pending-reasons.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

describe('reasons of waiting jobs', () => {
  test('every reason of Slurm 22.05, 24.11 and 26.05 is explained in two short sentences', () => {
    expect(REASONS.length).toBeGreaterThan(210);
    for (const reason of REASONS) {
      const known = explainReason(reason);
      if (!known) throw new Error(`${reason} is not explained`);
      expect(WAIT_CAUSES).toContain(known.cause);
      for (const sentence of [known.meaning, known.action]) {
        expect(sentence).toMatch(/^[A-Za-z][^\n]{6,118}\.$/);
        expect(sentence).not.toMatch(/undefined| {2}/);
      }
      expect(codeOf(reason)).toBe(reason);
    }
  });

  test('limits say what is limited, for whom, and whether the job can ever start', () => {
    const meaning = (reason: string) => [causeOf(reason), explainReason(reason)?.meaning];
    expect(meaning('QOSMaxCpuPerUserLimit')).toEqual([
      'limit',
      'The jobs of its user in its QOS hold all the CPUs that they may.',
    ]);
    expect(meaning('AssocGrpCPURunMinutesLimit')).toEqual([
      'limit',
      'The jobs of its account that run may still use up all allowed CPU minutes.',
    ]);
    expect(meaning('AssocGrpGRESMinutes')).toEqual([
      'limit',
      'All jobs of its account together have used up their device minutes.',
    ]);
    expect(meaning('AssocMaxJobsLimit')).toEqual([
      'limit',
      'As many jobs of its user in its account run as are allowed.',
    ]);
    expect(meaning('QOSMaxWallDurationPerJobLimit')).toEqual([
      'request',
      'It asks for more time than its QOS allows one job.',
    ]);
    expect(meaning('QOSMinCpuNotSatisfied')).toEqual([
      'request',
      'It asks for fewer CPUs than its QOS demands.',
    ]);
    expect(meaning('MaxMemoryPerAccount')).toEqual([
      'limit',
      'The jobs of its account in its QOS hold all the memory that they may.',
    ]);
  });

  test('details that Slurm writes behind a code make no new group', () => {
    expect(codeOf('ReqNodeNotAvail, UnavailableNodes:n[1-4]')).toBe('ReqNodeNotAvail');
    expect(codeOf('ReqNodeNotAvail,_UnavailableNodes:n[1-4]')).toBe('ReqNodeNotAvail');
    expect(causeOf('ReqNodeNotAvail, Reserved for maintenance')).toBe('time');
    const down =
      'Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions';
    expect(codeOf(down)).toBe(codeOf(down.replaceAll(' ', '_')));
    expect(causeOf(down)).toBe('outage');
    expect(codeOf('Reservation night_run was deleted')).toBe('ReservationDeleted');
    expect(explainReason('launch failed requeued held')?.cause).toBe('held');
  });

  test('an unknown reason is its own code without an explanation', () => {
    for (const reason of ['SomethingNew', 'constructor', '', 'toString', '<b>']) {
      expect(explainReason(reason)).toBeUndefined();
      expect(codeOf(reason)).toBe(reason);
      expect(causeOf(reason)).toBe('other');
    }
    expect(codeOf('x'.repeat(500))).toHaveLength(64);
    expect(causeOf(undefined)).toBe('scheduler');
  });
});
