import { isIP } from 'node:net';
import { parseListener } from './listener.ts';
import type { SettingTable } from './setting.ts';
import { choice, list, optionalText, pathPrefix, publicUrl } from './values.ts';

const isName = (word: string) => /^[a-z\d_]([a-z\d_.-]*[a-z\d_])?$/i.test(word);

/** Written into a header between others, unlike those of CORS. */
const isPlainOrigin = (word: string) => isOrigin(word) && /^[\w.:/[\]-]+$/.test(word);

const isOrigin = (word: string) => URL.parse(word)?.origin === word && /^https?:/.test(word);

/** `unix`, `user:NAME`, an address, or a network as ADDRESS/BITS. */
function isProxy(word: string): boolean {
  if (word === 'unix' || /^user:[^\s:]+$/.test(word)) return true;
  const [address = '', bits, ...rest] = word.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** A name without what separates names in lists and texts, and a URL. */
function isPeer(word: string): boolean {
  const [, name, url] = /^([\w.-]{1,64})=(.+)$/.exec(word) ?? [];
  return name !== undefined && publicUrl.parse(url!) !== undefined;
}

const isTcpListener = (word: string) => {
  const listener = parseListener(word);
  return listener?.kind === 'tcp' && listener.isPlain !== true;
};

const isHeader = (word: string) => /^[a-z][a-z\d-]{0,63}$/i.test(word);

/** How the service is reached: names, portals, other web pages, TLS. */
export const NETWORK_SETTINGS = {
  publicUrl: {
    name: 'public-url',
    takes: 'URL',
    otherwise: '',
    help: 'Address that people use, if it is another one: that of a proxy or of a portal',
    ...publicUrl,
  },
  basePath: {
    name: 'base-path',
    takes: 'PATH',
    otherwise: '',
    help: 'Path under which a portal shows the service, such as /hpc-observe; else that of --public-url',
    ...pathPrefix,
  },
  serverNames: {
    name: 'server-names',
    takes: 'NAMES',
    otherwise: '',
    help: 'Other names of this machine that clients use; its own and that of --public-url are known',
    ...list('names of hosts without ports, with commas between them', isName),
  },
  corsOrigins: {
    name: 'cors-origin',
    takes: 'ORIGINS',
    otherwise: '',
    help: 'Origins of other web pages that may read and write as their user: https://portal.example.org',
    ...list('origins such as https://portal.example.org, without a path', isOrigin),
  },
  peers: {
    name: 'peer',
    takes: 'NAME=URL',
    otherwise: '',
    help: 'Services of other clusters, shown beside this one: beta=https://head02:8443 (see docs/access.md)',
    ...list('names and addresses such as beta=https://head02:8443', isPeer),
  },
  peerTokens: {
    name: 'peer-tokens',
    takes: 'TOKENS',
    otherwise: '',
    help: 'The token for each peer, a line each: NAME TOKEN',
    isSecret: true,
    ...optionalText,
  },
  frameAncestors: {
    name: 'frame-ancestors',
    takes: 'ORIGINS',
    otherwise: '',
    help: 'Origins of portals that may show the pages in a frame, such as https://portal.example.org',
    ...list('origins such as https://portal.example.org, without a path', isPlainOrigin),
  },
  trustedProxies: {
    name: 'trusted-proxy',
    takes: 'PROXIES',
    otherwise: '',
    help: 'Proxies that name the user in --user-header: addresses, networks, user:www-data or unix',
    ...list('addresses, networks such as 10.0.0.0/8, user:NAME or unix, with commas between them', isProxy),
  },
  userHeader: {
    name: 'user-header',
    takes: 'HEADER',
    otherwise: 'X-Remote-User',
    help: 'Header in which a trusted proxy names the user',
    expects: 'the name of a header, of letters, digits and hyphens',
    parse: (value: string) => (isHeader(value) ? value : undefined),
  },
  tlsCert: {
    name: 'tls-cert',
    takes: 'FILE',
    otherwise: '',
    help: 'Certificate for TLS and those between it and its authority, in PEM; read again when it changes',
    ...optionalText,
  },
  tlsKey: {
    name: 'tls-key',
    takes: 'FILE',
    otherwise: '',
    help: 'Private key of --tls-cert, in PEM and without a password',
    ...optionalText,
  },
  clientListen: {
    name: 'client-listen',
    takes: 'ADDRESS:PORT',
    otherwise: '',
    help: 'Addresses that admit only programs with a certificate of --client-ca; besides --listen',
    ...list('addresses such as 0.0.0.0:8444 or [::]:8444', isTcpListener),
  },
  clientCa: {
    name: 'client-ca',
    takes: 'FILE',
    otherwise: '',
    help: 'Authority of the certificates that --client-listen admits, in PEM',
    ...optionalText,
  },
  clientRole: {
    name: 'client-role',
    takes: 'ROLE',
    otherwise: 'ingest',
    help: 'Role of programs with a certificate of --client-ca: ingest, viewer or admin',
    ...choice('ingest', 'viewer', 'admin'),
  },
} satisfies SettingTable;
