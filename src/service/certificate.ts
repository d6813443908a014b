import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';

/** The files of TLS, all in PEM. */
export interface CertificateFiles {
  /** The certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** The authority of certificates of clients. */
  readonly clientCa: string | undefined;
}

/** The content of the files, checked. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
  /** When the first of its certificates expires, in milliseconds since 1970. */
  readonly expiresMs: number;
  /** Differs if the content of a file differs. */
  readonly digest: string;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Reads the files of TLS. Throws OperatorError, one sentence, if one cannot be read, or is not what it should
 * be, or if the key is that of another certificate.
 */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = readText(files.cert);
  const key = readText(files.key);
  const clientCa = files.clientCa === undefined ? undefined : readText(files.clientCa);
  const chain = parseCertificates(files.cert, cert);
  if (files.clientCa !== undefined) parseCertificates(files.clientCa, clientCa!);
  if (!chain[0]!.checkPrivateKey(parseKey(files.key, key)))
    throw new OperatorError(`The key in ${files.key} does not belong to the certificate in ${files.cert}.`);
  try {
    createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: clientCa }) });
  } catch (cause) {
    throw new OperatorError(`${files.cert} and ${files.key} cannot be used for TLS.`, { cause });
  }
  return {
    cert,
    key,
    clientCa,
    expiresMs: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
    digest: createHash('sha256')
      .update(JSON.stringify([cert, key, clientCa]))
      .digest('hex'),
  };
}

/** Reads a file that a setting names; OperatorError with the reason. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OperatorError(`${path} cannot be read: ${explainSystemError(cause)}.`, { cause });
  }
}

function parseCertificates(path: string, text: string): X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) throw new OperatorError(`${path} has no certificate in PEM.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new OperatorError(`${path} has a certificate that is damaged.`, { cause });
  }
}

function parseKey(path: string, text: string) {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new OperatorError(`${path} has no private key in PEM that can be read without a password.`, {
      cause,
    });
  }
}
