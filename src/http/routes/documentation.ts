import { createHash } from 'node:crypto';
import { type AnyElysia, Elysia } from 'elysia';
import style from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' };
import script from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' };
import type { Access } from '../../domain/access.ts';
import type { Site } from '../../domain/site.ts';
import { frameDirective, frameOption } from '../response/frames.ts';
import { generateDocument } from '../response/openapi.ts';
import { staticDocument, staticFile, staticText } from '../response/static.ts';

const start = (basePath: string) => `
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
      dark.addEventListener('change', follow);
      follow();
      SwaggerUIBundle({ url: '${basePath}/swagger/json', dom_id: '#ui', deepLinking: true, validatorUrl: null });
`;

const pageAt = (basePath: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>hpc-observe API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${basePath}/swagger/ui.css">
    <style>
      body { margin: 0; }
      html.dark-mode { background: #1c2022; }
      /* Our answers have no links; on a narrow screen the empty column would squeeze the others. */
      .swagger-ui .response-col_links { display: none; }
    </style>
  </head>
  <body>
    <div id="ui"></div>
    <script src="${basePath}/swagger/ui.js"></script>
    <script>${start(basePath)}</script>
  </body>
</html>
`;

/** Allows resources of this server only, no framing, and the inline script by its hash. */
const policyAt = ({ basePath, frameAncestors }: Site) =>
  [
    "default-src 'none'",
    `script-src 'self' 'sha256-${createHash('sha256').update(start(basePath)).digest('base64')}'`,
    // Swagger UI sets inline styles.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    frameDirective(frameAncestors),
  ].join('; ');

/** What its paths need. */
export const DOCUMENTATION_ACCESS: ReadonlyMap<string, Access> = new Map(
  ['/swagger', '/swagger/json', '/swagger/ui.js', '/swagger/ui.css'].map((path) => [path, 'public']),
);

interface DocumentationOptions {
  readonly api: AnyElysia;
  readonly version: string;
  readonly site: Site;
}

/**
 * Serves the OpenAPI document of `api` at /swagger/json and Swagger UI at /swagger, without resources of
 * other hosts.
 */
export const documentation = ({ api, version, site }: DocumentationOptions) => {
  const { basePath, frameAncestors } = site;
  const document = staticDocument(() => generateDocument(api, version, basePath));
  const ui = staticFile(script, 'text/javascript; charset=utf-8');
  const css = staticFile(style, 'text/css; charset=utf-8');
  const page = staticText(pageAt(basePath), 'text/html; charset=utf-8', {
    'content-security-policy': policyAt(site),
    'x-frame-options': frameOption(frameAncestors),
  });
  return new Elysia({ name: 'documentation' })
    .get('/swagger', ({ request }) => page(request))
    .get('/swagger/json', ({ request }) => document(request))
    .get('/swagger/ui.js', ({ request }) => ui(request))
    .get('/swagger/ui.css', ({ request }) => css(request));
};
