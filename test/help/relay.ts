interface Link {
  readonly client: Bun.Socket<Link>;
  /** Whether the client has gone. */
  isLeft: boolean;
  server: Bun.Socket<undefined> | undefined;
  /** What arrived before the connection to the server was there. */
  early: Buffer[];
}

/**
 * Passes TCP connections on to a port of this machine, as a network does that can be cut: while it is `cut`,
 * nothing passes in either direction, and neither end learns of it.
 */
export function startRelay(port: number) {
  let isCut = false;
  const links = new Set<Link>();
  const listener = Bun.listen<Link>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async open(client) {
        const link: Link = { client, isLeft: false, server: undefined, early: [] };
        client.data = link;
        links.add(link);
        link.server = await Bun.connect({
          hostname: '127.0.0.1',
          port,
          socket: {
            data: (_, bytes) => void (isCut || client.write(bytes)),
            close: () => void (isCut || client.end()),
          },
        });
        for (const bytes of link.early) link.server.write(bytes);
        link.early = [];
      },
      data({ data: link }, bytes) {
        if (isCut) return;
        if (link.server) link.server.write(bytes);
        else link.early.push(Buffer.from(bytes));
      },
      close({ data: link }) {
        link.isLeft = true;
        if (isCut) return;
        links.delete(link);
        link.server?.end();
      },
    },
  });

  return {
    port: listener.port,
    cut(cut: boolean): void {
      isCut = cut;
      if (cut) return;
      // What the server sends now reaches a machine that knows no such connection.
      for (const link of links)
        if (link.isLeft) {
          links.delete(link);
          link.server?.terminate();
        }
    },
    stop(): void {
      for (const { client, server } of links) {
        client.terminate();
        server?.terminate();
      }
      listener.stop(true);
    },
  };
}
