import { swagger } from '@elysiajs/swagger';
import { type AnyElysia, Elysia } from 'elysia';
import style from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' };
import script from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' };
import { SCHEMAS } from './document.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>hpc-observe API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/swagger/ui.css">
    <style>
      body { margin: 0; }
      html.dark-mode { background: #1c2022; }
      /* No answer of ours has links; on a narrow screen the empty column takes the room of the others. */
      .swagger-ui .response-col_links { display: none; }
    </style>
  </head>
  <body>
    <div id="ui"></div>
    <script src="/swagger/ui.js"></script>
    <script>
      const dark = matchMedia('(prefers-color-scheme: dark)');
      const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
      dark.addEventListener('change', follow);
      follow();
      SwaggerUIBundle({ url: '/swagger/json', dom_id: '#ui', deepLinking: true, validatorUrl: null });
    </script>
  </body>
</html>
`;

/** `/swagger/json` describes the routes of `api`; `/swagger` shows it, with everything it loads from this server. */
export const documentation = ({ api, version }: { api: AnyElysia; version: string }) => {
  // The plugin's own page loads its script from a public host, so only its generator is used, off the served app.
  const generator = new Elysia()
    .use(
      swagger({
        path: '/page',
        specPath: '/document',
        documentation: {
          info: {
            title: 'hpc-observe',
            version,
            description: 'Every job of an HPC cluster, seen live, afterwards and in Prometheus.',
          },
          components: { schemas: SCHEMAS as never },
        },
      }),
    )
    .use(api);
  let document: Promise<object> | undefined;
  const describe = () => {
    document ??= generator
      .handle(new Request('http://localhost/document'))
      .then((response) => response.json())
      .then(tidyDocument);
    return document;
  };
  return new Elysia({ name: 'documentation' })
    .get('/swagger', () => new Response(PAGE, { headers: { 'content-type': 'text/html; charset=utf-8' } }))
    .get('/swagger/json', () => describe())
    .get('/swagger/ui.js', () => new Response(Bun.file(script)))
    .get('/swagger/ui.css', () => new Response(Bun.file(style)));
};

interface Document {
  paths: Record<string, Record<string, { requestBody?: { content: Record<string, unknown> } }>>;
}

/** Makes the generated document say what the service does: bodies are JSON only, and choices are OpenAPI 3.0 enums. */
export function tidyDocument(document: unknown): object {
  const { paths } = document as Document;
  for (const { requestBody } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    if (requestBody) requestBody.content = { 'application/json': requestBody.content['application/json'] };
  }
  return JSON.parse(JSON.stringify(document), (_, value) => toUnique(toEnum(value)));
}

/** TypeBox writes a choice as `anyOf` of `const`, which JSON Schema knows and OpenAPI 3.0 does not. */
function toEnum(schema: unknown): unknown {
  const { anyOf, ...rest } = (schema ?? {}) as { anyOf?: { const?: unknown }[]; nullable?: boolean };
  if (!Array.isArray(anyOf) || !anyOf.every((choice) => typeof choice.const === 'string')) return schema;
  const choices = anyOf.map((choice) => choice.const);
  return { ...rest, type: 'string', enum: rest.nullable ? [...choices, null] : choices };
}

/** The service checks by itself that the entries of a list are distinct. */
function toUnique(schema: unknown): unknown {
  const { distinct, ...rest } = (schema ?? {}) as { distinct?: boolean };
  return distinct === true ? { ...rest, uniqueItems: true } : schema;
}
