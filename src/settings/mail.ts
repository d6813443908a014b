import { hostname } from 'node:os';
import { isAddress } from '../domain/mail-address.ts';
import type { SettingTable } from './setting.ts';
import { optionalText } from './values.ts';

/** How mails are sent. */
export const MAIL_SETTINGS = {
  smtp: {
    name: 'smtp',
    takes: 'URL',
    otherwise: '',
    help: 'Mail server, such as smtp://mail.example.org:25; by default the sendmail of this machine',
    expects: 'a URL such as smtp://mail.example.org:25 or smtps://mail.example.org',
    parse: (value: string) => {
      if (value === '') return null;
      const url = URL.parse(value);
      return url && /^smtps?:$/.test(url.protocol) && url.hostname && !url.password ? value : undefined;
    },
  },
  smtpUser: {
    name: 'smtp-user',
    takes: 'NAME',
    otherwise: '',
    help: 'Name to sign in with at the mail server',
    ...optionalText,
  },
  smtpPassword: {
    name: 'smtp-password',
    takes: 'SECRET',
    otherwise: '',
    help: 'Password for the mail server',
    isSecret: true,
    ...optionalText,
  },
  mailFrom: {
    name: 'mail-from',
    takes: 'ADDRESS',
    otherwise: '',
    help: 'Sender of mails; by default hpc-observe at this machine',
    expects: 'an address such as hpc-observe@example.org',
    parse: (value: string) => (value === '' || isAddress(value) ? value || null : undefined),
  },
  mailDomain: {
    name: 'mail-domain',
    takes: 'DOMAIN',
    otherwise: '',
    help: 'Domain of users whom Slurm names without one',
    expects: 'a domain such as example.org',
    parse: (value: string) => (value === '' || /^[\w.-]{1,253}$/.test(value) ? value || null : undefined),
  },
} satisfies SettingTable;

/** The sender where none is set. */
export const defaultSender = (): string => `hpc-observe@${hostname()}`;
