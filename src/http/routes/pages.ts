import { Elysia } from 'elysia';
import type { Access } from '../../domain/access.ts';
import { AppError, quote } from '../../domain/errors.ts';
import type { Site } from '../../domain/site.ts';
import { frameDirective, frameOption } from '../response/frames.ts';
import { staticData, staticText } from '../response/static.ts';

/** The pages as they are sent: one document for all of them, and what it loads. */
export interface Pages {
  readonly document: string;
  readonly files: readonly {
    /** It has a checksum in it. */
    readonly name: string;
    readonly type: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }[];
}

/** The paths of pages (src/web/pages.tsx). */
const PAGE_PATHS = [
  ...['/', '/jobs', '/jobs/:jobId', '/arrays/:arrayId', '/queue', '/clusters'],
  ...['/nodes', '/nodes/:node', '/usage', '/efficiency', '/users/:user', '/accounts/:account'],
];
const FILE_PATH = '/web/:file';

/** What the paths need: the pages hold no data, and ask the API for all of it. */
export const PAGES_ACCESS: ReadonlyMap<string, Access> = new Map(
  [...PAGE_PATHS, FILE_PATH].map((path) => [path, 'public']),
);

/** Allows what this server sends, and nothing inline but styles that plots set on their own elements. */
const policyFor = (ancestors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    frameDirective(ancestors),
  ].join('; ');

interface PagesOptions {
  readonly load: () => Promise<Pages>;
  readonly site: Site;
}

/** Serves the pages, which are loaded when the first browser asks for one. */
export const pages = ({ load, site }: PagesOptions) => {
  let served: Promise<ReturnType<typeof serve>> | undefined;
  const find = () => {
    served ??= load().then((loaded) => serve(loaded, site));
    return served;
  };
  const app = new Elysia({ name: 'pages', normalize: false }).get(
    FILE_PATH,
    async ({ params: { file }, request }) => {
      const answer = (await find()).files.get(file);
      if (!answer) throw new AppError('not_found', `The pages have no file ${quote(file)}.`);
      return answer(request);
    },
  );
  for (const path of PAGE_PATHS) app.get(path, async ({ request }) => (await find()).document(request));
  return app;
};

function serve({ document, files }: Pages, { basePath, frameAncestors }: Site) {
  // The bundler asks for files without cookies, which a portal in front of the service would refuse.
  let text = document.replace('<base href="/">', `<base href="${basePath}/">`).replaceAll(' crossorigin', '');
  for (const { name } of files) text = text.replaceAll(new RegExp(`"\\.?/${name}"`, 'g'), `"web/${name}"`);
  return {
    document: staticText(text, 'text/html; charset=utf-8', {
      'content-security-policy': policyFor(frameAncestors),
      'x-frame-options': frameOption(frameAncestors),
    }),
    files: new Map(files.map(({ name, type, bytes }) => [name, staticData(bytes, type)])),
  };
}
