import { expect, test } from 'bun:test';
import { OperatorError } from '../../src/domain/errors.ts';
import type { Certificate } from '../../src/service/certificate.ts';
import { renewCertificate } from '../../src/service/renewal.ts';

const DAY_MS = 86_400_000;
const NOON_MS = Date.parse('2026-01-20T12:00:00Z');

const inDays = (days: number, digest = `${days} days`): Certificate => ({
  cert: digest,
  key: digest,
  clientCa: undefined,
  expiresMs: NOON_MS + days * DAY_MS,
  digest,
});

/** A renewal whose files are `files.now`, or cannot be read if that is a text. */
function watch(current: Certificate, everyMs = 60_000) {
  const files: { now: Certificate | string } = { now: current };
  const clock = { nowMs: NOON_MS };
  const used: string[] = [];
  const logged: string[] = [];
  const note =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      void logged.push([level, event, fields.cause ?? fields.days ?? fields.expires].join(' '));
  let isUsable = true;
  const renewal = renewCertificate({
    current,
    read() {
      if (typeof files.now === 'string') throw new OperatorError(files.now);
      return files.now;
    },
    async use({ digest }) {
      if (!isUsable) throw new Error('no C library');
      used.push(digest);
    },
    now: () => clock.nowMs,
    everyMs,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
  });
  return {
    files,
    clock,
    used,
    logged,
    renewal,
    forbidUse: () => {
      isUsable = false;
    },
    /** Lets one run end. */
    async run() {
      renewal.reload();
      await Bun.sleep(5);
    },
    [Symbol.asyncDispose]: () => renewal.stop(),
  };
}

test('files that changed are used once', async () => {
  await using watched = watch(inDays(60));
  await watched.run();
  expect([watched.used, watched.logged]).toEqual([[], []]);
  watched.files.now = inDays(90);
  await watched.run();
  await watched.run();
  expect(watched.used).toEqual(['90 days']);
  expect(watched.renewal.expiresMs()).toBe(NOON_MS + 90 * DAY_MS);
  expect(watched.logged).toEqual(['info certificate_loaded 2026-04-20T12:00:00.000Z']);
});

test('the certificate stays while the files are broken, and the right ones are used afterwards', async () => {
  await using watched = watch(inDays(60));
  watched.files.now = 'The key does not belong to it.';
  await watched.run();
  expect(watched.logged).toEqual(['error certificate_not_loaded The key does not belong to it.']);
  watched.files.now = inDays(-1);
  await watched.run();
  expect(watched.logged.at(-1)).toBe(
    'error certificate_not_loaded The new certificate expired on 2026-01-19T12:00:00.000Z.',
  );
  expect([watched.used, watched.renewal.expiresMs()]).toEqual([[], NOON_MS + 60 * DAY_MS]);
  watched.files.now = inDays(90);
  await watched.run();
  expect(watched.used).toEqual(['90 days']);
});

test('a certificate that cannot be used is logged, and the one in use is still what is shown', async () => {
  await using watched = watch(inDays(60));
  watched.forbidUse();
  watched.files.now = inDays(90);
  await watched.run();
  expect(watched.logged).toEqual(['error certificate_not_loaded Error: no C library']);
  expect(watched.renewal.expiresMs()).toBe(NOON_MS + 60 * DAY_MS);
});

test('from 14 days before its end on, the log says once a day how many are left', async () => {
  await using watched = watch(inDays(15));
  await watched.run();
  expect(watched.logged).toEqual([]);
  watched.clock.nowMs += DAY_MS;
  await watched.run();
  await watched.run();
  expect(watched.logged).toEqual(['warn certificate_expires 14']);
  watched.clock.nowMs += DAY_MS - 1;
  await watched.run();
  expect(watched.logged.length).toBe(1);
  watched.clock.nowMs += 1;
  await watched.run();
  expect(watched.logged.at(-1)).toBe('warn certificate_expires 13');
  watched.clock.nowMs += 20 * DAY_MS;
  await watched.run();
  expect(watched.logged.at(-1)).toBe('warn certificate_expired -7');
  expect(watched.logged.length).toBe(3);
});

test('an expired certificate may be replaced by another one, as nothing is lost', async () => {
  await using watched = watch(inDays(-5));
  watched.files.now = inDays(-1);
  await watched.run();
  expect(watched.used).toEqual(['-1 days']);
});

test('what is wrong is said once, and again when somebody asks for a reload', async () => {
  await using watched = watch(inDays(60), 2);
  watched.files.now = 'The key does not belong to it.';
  await Bun.sleep(50);
  expect(watched.logged.length).toBe(1);
  await watched.run();
  expect(watched.logged.length).toBe(2);
});
