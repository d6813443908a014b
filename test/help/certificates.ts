import { writeFileSync } from 'node:fs';
import { temporaryFolder } from './folder.ts';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

interface Options {
  /** The name in the subject. */
  readonly name: string;
  /** The authority that signs it; it signs itself if left out. */
  readonly by?: string;
  readonly days?: number;
}

/** Makes certificates for localhost and 127.0.0.1 with openssl; they are deleted at the end of the scope. */
export function certificates() {
  const folder = temporaryFolder();

  function openssl(...args: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args], { cwd: folder.path });
    if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  }

  /** Writes FILE.crt and FILE.key. */
  function make(file: string, { name, by, days = 90 }: Options): void {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const signed = by === undefined ? [] : ['-CA', `${by}.crt`, '-CAkey', `${by}.key`];
    const files = ['-keyout', `${file}.key`, '-out', `${file}.crt`];
    openssl('req', '-x509', ...KEY, ...subject, '-days', String(days), ...signed, ...files);
  }

  return {
    make,
    file: folder.file,
    write: (name: string, text: string) => writeFileSync(folder.file(name), text),
    [Symbol.dispose]: folder[Symbol.dispose],
  };
}
