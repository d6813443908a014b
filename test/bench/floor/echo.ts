// A bare server that parses JSON and sends it back: what a POST costs without a framework, and what a
// neighbour waits for the machine itself.
export const server = Bun.serve({
  port: 0,
  reusePort: false,
  fetch: async (request) => Response.json(await request.json(), { status: 201 }),
});
console.log(server.url.href);
