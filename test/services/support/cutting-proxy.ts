import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** Stands between the gateway and PostgreSQL, to lose a connection at the worst moment. */
export interface CuttingProxy {
  /** The database's URL, through the proxy. */
  url(direct: string): string;
  /** The next COMMIT reaches the server; its connection is lost before the answer does. */
  loseAnswer(): void;
  /** The next COMMIT is lost with its connection. */
  loseCommit(): void;
  /** No connection gets through any more, until it is told so. */
  refuse(refusing: boolean): void;
  /** COMMITs that came by. */
  commits(): number;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('COMMIT\0');

export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let [commits, lose]: [number, 'answer' | 'commit' | null] = [0, null];
  let refusing = false;
  const server = createServer(near => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    let deaf = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', chunk => {
      if (chunk.includes(COMMIT)) {
        commits += 1;
        if (lose === 'commit') near.destroy();
        if (lose !== null) deaf = true;
        const lost = lose;
        lose = null;
        if (lost === 'commit') return;
      }
      far.write(chunk);
    });
    far.on('data', chunk => {
      if (deaf) near.destroy();
      else near.write(chunk);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: direct => direct.replace(`:${port}/`, `:${(server.address() as AddressInfo).port}/`),
    loseAnswer: () => { lose = 'answer'; },
    loseCommit: () => { lose = 'commit'; },
    refuse: value => { refusing = value; },
    commits: () => commits,
    async close() {
      sockets.forEach(socket => socket.destroy());
      await new Promise(resolve => server.close(resolve));
    },
  };
}
