import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock } from './clock.js';

export type LogEvent =
  | 'open' | 'refused' | 'registration' | 'paired' | 'login' | 'login-refused' | 'in' | 'out' | 'swallowed' | 'close' | 'fault' | 'error';

export interface LogEntry {
  at: string;
  event: LogEvent;
  /** Counts up from 1 for each WebSocket; 0 where no socket is concerned. */
  socket: number;
  /** From which the client connected: tells one gateway process from another. */
  port?: number;
  phone?: string;
  device?: number;
  /** The stanza without its content: tag, attributes, tags of the children. */
  stanza?: { tag: string; attrs: Record<string, string>; children?: string[] };
  detail?: string;
}

export interface LogQuery {
  phone?: string;
  socket?: number;
  event?: LogEvent;
  /** At most so many of the newest entries. */
  limit?: number;
}

export interface ActivityLog {
  add(entry: Omit<LogEntry, 'at' | 'stanza'> & { node?: BinaryNode }): void;
  /** Oldest first. */
  read(query?: LogQuery): LogEntry[];
}

/** What happened on the network, newest `capacity` entries. Never holds the content of a message. */
export function createActivityLog(clock: Clock, capacity = 5000): ActivityLog {
  const ring: LogEntry[] = [];
  let next = 0;
  return {
    add({ node, ...entry }) {
      const stored: LogEntry = { at: new Date(clock.now()).toISOString(), ...entry };
      if (node) stored.stanza = summarise(node);
      ring[next] = stored;
      next = (next + 1) % capacity;
    },
    read(query = {}) {
      const ordered = ring.length < capacity ? ring : [...ring.slice(next), ...ring.slice(0, next)];
      const chosen = ordered.filter(
        (entry) =>
          (query.phone === undefined || entry.phone === query.phone) &&
          (query.socket === undefined || entry.socket === query.socket) &&
          (query.event === undefined || entry.event === query.event),
      );
      return query.limit === undefined ? [...chosen] : chosen.slice(-query.limit);
    },
  };
}

function summarise({ tag, attrs, content }: BinaryNode): NonNullable<LogEntry['stanza']> {
  return Array.isArray(content) ? { tag, attrs, children: content.map((child) => child.tag) } : { tag, attrs };
}
