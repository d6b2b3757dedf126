import type { Census, ShareOf } from '../domain/cluster/share.js';
import type { Tenure } from '../domain/instances/tenure.js';

export type { Census, ShareOf };

/**
 * Who owns which instance: a lease each, in the store that all nodes share, kept by the store's own clock. Every instance has at most one
 * owner, deleted ones too; each takeover raises the epoch. An instance without a row counts as free.
 */
export interface Leases {
  /** This node's name; a new one with each start, so that nothing an earlier life held is taken for its own. */
  readonly nodeId: string;
  /**
   * Says that this node lives, with what others should know of it, and renews in one statement all of its leases among `instanceIds`, also
   * those that have run out and nobody has taken. Answers what is its own; whatever else bears its name is given back.
   * @throws DomainError `store_unavailable`
   */
  renew(instanceIds: readonly string[], report: NodeReport): Promise<Tenure[]>;
  /**
   * Takes up to so many instances of each kind that nobody owns, those first that have been without an owner longest, with a new epoch each.
   * Leaves out for now what a former owner is committing to at this moment; after a claim nothing of its epoch can be committed.
   * A node claims nothing before its first `renew`, nor after `drain`.
   */
  claim(want: ShareOf): Promise<Tenure[]>;
  /** Takes this one, if nobody owns it. */
  claimOne(instanceId: string): Promise<Tenure | null>;
  /** Gives these back, for others to take at once. Harmless for those that are not its own any more. */
  release(tenures: readonly Tenure[]): Promise<void>;
  /** How many nodes there are, and how the instances are spread. */
  census(): Promise<Census>;
  /** Who owns the instance now; null when nobody does. */
  ownerOf(instanceId: string): Promise<LeaseHolder | null>;
  /** The epochs of those of the instances that somebody owns. */
  epochs(instanceIds: readonly string[]): Promise<Map<string, number>>;
  /** The instances that this node owns, by what they cost. */
  mine(): Promise<Record<keyof ShareOf, string[]>>;
  /** The nodes that live, this one included, by their start. */
  nodes(): Promise<NodeInfo[]>;
  /** From now on this node claims nothing and counts for nobody's share; what it still holds is its own until released. */
  drain(): Promise<void>;
  /** Gives back everything and forgets the node. */
  leave(): Promise<void>;
}

export interface LeaseHolder { nodeId: string; epoch: number }

/** What a node tells the others about itself. */
export interface NodeReport {
  activeSessions: number;
  pendingCount: number;
  circuitBreaker: 'CLOSED' | 'HALF_OPEN' | 'OPEN';
  /** Fingerprint of the master key that it runs under. */
  masterKey?: string;
}

export interface NodeInfo {
  nodeId: string;
  /** Epoch milliseconds, the store's clock. */
  startedAt: number;
  seenAt: number;
  draining: boolean;
  report: NodeReport;
}
