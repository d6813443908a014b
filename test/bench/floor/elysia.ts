import { Elysia } from 'elysia';

// The floor of one-sample POSTs: an Elysia app that parses the JSON of a sample and sends it back.
export const app = new Elysia()
  .post('/v1/jobs/:id/metrics', ({ body, set }) => {
    set.status = 201;
    return body;
  })
  .listen({ port: 0, reusePort: false, hostname: '127.0.0.1' });
console.log(app.server!.url.href);
