import { soleTenure } from '@gateway/domain/instances/tenure.js';
import type { StoredMessage } from '@gateway/domain/messages/message.js';
import { createEndLeftovers } from '@gateway/usecases/messages/end-leftovers.js';
import { expect, test } from 'vitest';
import { outgoing } from '../../contracts/support/samples';

test('a long queue ends page by page, and the messages of a page together, so that they share commits', async () => {
  let rows: StoredMessage[] = Array.from({ length: 1_200 }, (_, index) => outgoing(`m${index}`));
  const pages: number[] = [];
  let waiting: (() => void)[] = [];
  const endLeftovers = createEndLeftovers({
    messages: {
      async listUnfinished(_instanceId, limit) {
        const page = rows.slice(0, limit);
        // A commit: nothing of a page is on disk before all of it was handed over.
        waiting = [];
        setTimeout(() => {
          pages.push(waiting.length);
          for (const resolve of waiting) resolve();
        }, 5);
        return page;
      },
    },
    settler: {
      async fail({ messageId }, { code }) {
        expect(code).toBe('logged_out');
        await new Promise<void>(resolve => { waiting.push(resolve); });
        rows = rows.filter(row => row.messageId !== messageId);
      },
    },
  });
  await endLeftovers(soleTenure('one'), 'logged_out');
  expect(rows).toEqual([]);
  expect(pages).toEqual([500, 500, 200]);
});
