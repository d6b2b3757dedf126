import { open } from 'node:fs/promises';
import type { MediaStash } from '../../ports/media-stash.js';
import type { Database, Statement } from './database.js';

export interface MediaStashSql {
  /** (instanceId, messageId, part, bytes, createdAt) */
  put: string;
  /** (instanceId, messageId, part) → bytes */
  read: string;
  /** (instanceId, messageId) */
  remove: string;
  /** (instanceId, limit) */
  removeAll: string;
  /** (before, limit) */
  prune: string;
}

const PART_BYTES = 1024 * 1024;

/** Stashed media where the messages are: parts of 1 MB, so that neither memory nor a commit ever holds a whole file. */
export function createMediaStash(database: Database, { stash: sql }: { stash: MediaStashSql }): MediaStash {
  return {
    async put(instanceId, messageId, { path }, now) {
      const file = await open(path, 'r');
      try {
        for (let part = 0; ; part += 1) {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, part * PART_BYTES);
          if (bytesRead === 0) return;
          await database.write([{ sql: sql.put, params: [instanceId, messageId, part, buffer.subarray(0, bytesRead), now] }]);
        }
      } finally {
        await file.close();
      }
    },
    async *read(instanceId, messageId) {
      for (let part = 0; ; part += 1) {
        const [row] = await database.read(sql.read, [instanceId, messageId, part]);
        if (!row) return;
        yield row.bytes as Uint8Array;
      }
    },
    async remove(instanceId, messageId) {
      await database.write([dropStash(sql, instanceId, messageId)]);
    },
    async prune(before, limit) {
      const { changes } = await database.write([{ sql: sql.prune, params: [before, limit] }]);
      return changes[0] ?? 0;
    },
  };
}

/** For whoever takes the message to where its media are not needed any more, in the same unit. */
export function dropStash(sql: MediaStashSql, instanceId: string, messageId: string): Statement {
  return { sql: sql.remove, params: [instanceId, messageId] };
}
