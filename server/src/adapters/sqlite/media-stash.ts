import { open } from 'node:fs/promises';
import type { MediaStash } from '../../ports/media-stash.js';
import type { Database } from './database.js';

const PART_BYTES = 1024 * 1024;
const PUT = 'INSERT INTO StashedMedia (instanceId, messageId, part, bytes, createdAt) VALUES (?, ?, ?, ?, ?)';
const READ = 'SELECT bytes FROM StashedMedia WHERE instanceId = ? AND messageId = ? AND part = ?';
const REMOVE = 'DELETE FROM StashedMedia WHERE instanceId = ? AND messageId = ?';
const PRUNE = `DELETE FROM StashedMedia WHERE rowid IN (
  SELECT s.rowid FROM StashedMedia s WHERE s.createdAt < ?1 AND NOT EXISTS (
    SELECT 1 FROM Message m WHERE m.instanceId = s.instanceId AND m.messageId = s.messageId AND m.direction = 'out'
      AND (m.state = 'queued' OR m.state = 'sending' OR (m.state = 'failed' AND m.discardedAt IS NULL))
  ) LIMIT ?2)`;

/** Stashed media in the embedded database: parts of 1 MB, so that neither memory nor a commit ever holds a whole file. */
export function createSqliteMediaStash(database: Database): MediaStash {
  return {
    async put(instanceId, messageId, { path }, now) {
      const file = await open(path, 'r');
      try {
        for (let part = 0; ; part += 1) {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, part * PART_BYTES);
          if (bytesRead === 0) return;
          await database.write([{ sql: PUT, params: [instanceId, messageId, part, buffer.subarray(0, bytesRead), now] }]);
        }
      } finally {
        await file.close();
      }
    },
    async *read(instanceId, messageId) {
      for (let part = 0; ; part += 1) {
        const [row] = await database.read(READ, [instanceId, messageId, part]);
        if (!row) return;
        yield row.bytes as Uint8Array;
      }
    },
    async remove(instanceId, messageId) {
      await database.write([{ sql: REMOVE, params: [instanceId, messageId] }]);
    },
    async prune(before, limit) {
      const { changes } = await database.write([{ sql: PRUNE, params: [before, limit] }]);
      return changes[0] ?? 0;
    },
  };
}
