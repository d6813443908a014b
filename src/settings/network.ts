import type { SettingTable } from './setting.ts';
import { list, pathPrefix, publicUrl } from './values.ts';

const isName = (word: string) => /^[a-z\d_]([a-z\d_.-]*[a-z\d_])?$/i.test(word);

const isOrigin = (word: string) => URL.parse(word)?.origin === word && /^https?:/.test(word);

/** How the service is reached: names, portals, other web pages. */
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
} satisfies SettingTable;
