import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import type { Cluster } from './cluster.js';

const FRESH_MS = 200;

/** One login at the simulator, by the process that made it and the lease that was valid at that moment. */
export interface SeenLogin {
  phone: string;
  at: number;
  socket: number;
  /** The node that logged in; null when its socket was gone before anybody looked. */
  node: string | null;
}

export interface LoginWatch {
  logins(): SeenLogin[];
  /** How often a connection of this phone was told that another took its place. */
  replaced(phone: string): number;
  stop(): Promise<void>;
}

/**
 * Notes each login with the process behind its socket: the simulator knows from which port the socket came, and the system knows whose port
 * that is (Linux: /proc).
 */
export function watchLogins(cluster: Cluster): LoginWatch {
  const seen = new Map<number, SeenLogin>();
  const owners = new Map<number, string>();
  const replaced = new Map<number, string>();
  const simulatorPort = Number(new URL(cluster.simulator.controlUrl).port);
  let stopped = false;

  function look(): void {
    for (const { socket, port, at } of cluster.simulator.log({ event: 'open' })) {
      // Later the port may be that of another connection.
      if (port !== undefined && !owners.has(socket) && Date.now() - Date.parse(at) < FRESH_MS) {
        const node = cluster.nodes.find(({ process }) => portsOf(process.pid, simulatorPort).has(port));
        if (node) owners.set(socket, node.name);
      }
    }
    for (const { socket, phone = '', at } of cluster.simulator.log({ event: 'login' })) {
      if (!seen.has(socket)) seen.set(socket, { phone, at: Date.parse(at), socket, node: null });
    }
    for (const { socket, phone = '', stanza, event } of cluster.simulator.log()) {
      // With a code it says that the device was unlinked.
      if (event === 'out' && stanza?.tag === 'stream:error' && stanza.children?.includes('conflict') && stanza.attrs['code'] === undefined) replaced.set(socket, phone);
    }
  }

  const looking = (async () => {
    while (!stopped) {
      look();
      await new Promise(resolve => setTimeout(resolve, 25));
    }
  })();

  return {
    logins: () => [...seen.values()].map(login => ({ ...login, node: owners.get(login.socket) ?? null })),
    replaced: phone => [...replaced.values()].filter(number => number === phone).length,
    async stop() {
      stopped = true;
      await looking;
      look();
    },
  };
}

/** Local ports of the process's TCP connections to this one: a connection to elsewhere may have the same as one of another process. */
function portsOf(pid: number, remotePort: number): Set<number> {
  try {
    const inodes = new Set(readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }));
    const lines = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1).map(line => line.trim().split(/\s+/));
    const own = lines.filter(([, , remote, , , , , , , inode]) => inode !== undefined && inodes.has(inode) && portOf(remote) === remotePort);
    return new Set(own.map(([, local]) => portOf(local)));
  } catch {
    return new Set();
  }
}

/** Of an address as /proc writes it: both parts in hexadecimal digits. */
function portOf(address: string | undefined): number {
  return parseInt(address?.split(':')[1] ?? '', 16);
}
