import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';
import { freePorts } from './port.ts';

const START_MS = 20_000;
const ARRIVE_MS = 40_000;

/** Starts a real mail server that keeps what it is given. Killed at the end of the scope. */
export async function startMailServer() {
  const folder = temporaryFolder();
  const [port] = await freePorts(1);
  const child = Bun.spawn(
    ['aiosmtpd', '-n', '-l', `127.0.0.1:${port}`, '-c', 'aiosmtpd.handlers.Mailbox', folder.file('mails')],
    { stdout: 'ignore', stderr: 'ignore' },
  );
  const arrived = folder.file('mails/new');
  for (const endMs = Date.now() + START_MS; !(await answers(port!)); await Bun.sleep(50)) {
    if (Date.now() > endMs) throw new Error('The mail server did not start within 20 seconds.');
  }
  return {
    url: `smtp://127.0.0.1:${port}`,
    /** Waits for a number of mails, and returns their texts in the order of arrival. */
    async mails(count: number): Promise<string[]> {
      for (const endMs = Date.now() + ARRIVE_MS; Date.now() < endMs; await Bun.sleep(50)) {
        const names = existsSync(arrived) ? readdirSync(arrived).sort() : [];
        if (names.length >= count) return names.map((name) => readFileSync(`${arrived}/${name}`, 'utf8'));
      }
      throw new Error(`${count} mails did not arrive within 40 seconds.`);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
      folder[Symbol.dispose]();
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** Returns a part of a mail by its media type, decoded. */
export function partOf(mail: string, type: string): Buffer {
  const parts = mail.split(/^--.*$/m);
  const part = parts.find((one) => new RegExp(`^content-type: ${type}`, 'im').test(one));
  if (part === undefined) throw new Error(`The mail has no part ${type}:\n${mail.slice(0, 2000)}`);
  const at = part.search(/\r?\n\r?\n(?!\s*$)/);
  const [head, body] = [part.slice(0, at), part.slice(at)];
  if (/content-transfer-encoding: base64/i.test(head)) return Buffer.from(body.replace(/\s/g, ''), 'base64');
  if (!/content-transfer-encoding: quoted-printable/i.test(head)) return Buffer.from(body);
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
