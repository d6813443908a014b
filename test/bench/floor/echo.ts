// The floor of one-sample POSTs: parses the JSON and sends it back, and does nothing else.
export const server = Bun.serve({
  port: 0,
  reusePort: false,
  fetch: async (request) => Response.json(await request.json(), { status: 201 }),
});
console.log(server.url.href);
