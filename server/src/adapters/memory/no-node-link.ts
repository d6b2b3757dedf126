import { DomainError } from '../../domain/errors.js';
import type { NodeLink } from '../../ports/node-link.js';

/** Of a gateway on PostgreSQL without Redis, which is meant to be one node: where there is a second one, they cannot call each other. */
export function createNoNodeLink(): NodeLink {
  return {
    async serve() {},
    async call(nodeId) {
      throw new DomainError('owner_unreachable', 'Another node owns the instance, and there is no way to call it.', {
        hint: 'Set REDIS_URL on every node, the same one; or run one node only.', details: { reached: false, nodeId },
      });
    },
    tell() {},
    onTold() {},
    async close() {},
  };
}
