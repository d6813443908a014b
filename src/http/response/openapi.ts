import { type AnyElysia, Elysia } from 'elysia';
import { ErrorAnswer } from '../../api/error.ts';
import type { Schema } from '../../api/field.ts';
import { OPERATIONS } from '../../api/operations.ts';
import { publish } from './publish.ts';

/** Returns the answers that have a name, wherever in the operations they are. */
function namedAnswers(): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  JSON.stringify([ErrorAnswer, OPERATIONS], (_, value) => {
    if (typeof value?.$id === 'string') found[value.$id] = value;
    return value;
  });
  return found;
}

/** The ways to prove who sends a request that OpenAPI knows; the kernel and MUNGE need no others. */
const SECURITY_SCHEMES = {
  token: { type: 'http', scheme: 'bearer', description: 'A token of hpc-observe token create' },
  session: { type: 'apiKey', in: 'cookie', name: 'hpc_observe_session' },
} as const;

/**
 * Generates the OpenAPI document of the routes of `api`. Answers are not checked while serving, because that
 * costs as much as rendering them: test/http/response/openapi.test.ts checks real answers against this
 * document. Browsers reach the service under `basePath`.
 */
export async function generateDocument(api: AnyElysia, version: string, basePath: string): Promise<object> {
  // Imported on first use: the start of the service would wait for the generator and its libraries.
  const { swagger } = await import('@elysiajs/swagger');
  // The page of the plugin loads its script from a public host, so only its generator is used, on an app that
  // is not served.
  const generator = new Elysia()
    .use(
      swagger({
        path: '/page',
        specPath: '/document',
        documentation: {
          info: {
            title: 'hpc-observe',
            version,
            description: 'Observe every job of an HPC cluster: live, afterwards and in Prometheus.',
          },
          ...(basePath !== '' && { servers: [{ url: basePath }] }),
          components: { schemas: namedAnswers() as never, securitySchemes: SECURITY_SCHEMES },
        },
      }),
    )
    .use(api);
  const response = await generator.handle(new Request('http://localhost/document'));
  return publish(await response.json());
}
