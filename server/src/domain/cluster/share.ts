/** Instances by what they cost: those that somebody wants connected, and the others. */
export interface ShareOf { active: number; idle: number }

/** How the instances are spread over the nodes of a gateway, as one of them sees it. */
export interface Census {
  /** Nodes that live and do not drain: those that count. */
  nodes: number;
  /** Instances in all, and those that this node owns. */
  all: ShareOf;
  own: ShareOf;
  /** What each node that counts owns, in an order that all of them see. */
  spread: ShareOf[];
  /** This node's place in `spread`; -1 when it does not count. */
  place: number;
}

export interface SharePlan {
  /** How many to take, of those that nobody owns. */
  claim: ShareOf;
  /** How many to leave to others. */
  surplus: ShareOf;
}

/**
 * What a node does for an even spread: nothing more where no node has two of a kind more than another. Each node decides by itself, all may
 * do so at the same time and by counts that are some seconds old, and no instance changes its node without need.
 *
 * Nobody owns more than its share rounded up. What does not divide goes to nodes that have their share rounded down, once the
 * others are sure to get theirs.
 */
export function planShare({ all, spread, place }: Census): SharePlan {
  const active = planKind(all.active, spread.map(share => share.active), place);
  const idle = planKind(all.idle, spread.map(share => share.idle), place);
  return { claim: { active: active.claim, idle: idle.claim }, surplus: { active: active.surplus, idle: idle.surplus } };
}

function planKind(all: number, spread: number[], place: number): { claim: number; surplus: number } {
  const own = spread[place];
  if (own === undefined) return { claim: 0, surplus: 0 };
  const fewest = Math.floor(all / spread.length);
  const most = Math.ceil(all / spread.length);
  /** Owned by no node that counts, those of nodes that drain included: they come free. */
  const unheld = all - sum(spread);
  const lacking = sum(spread.map(count => Math.max(0, fewest - count)));

  if (own < fewest) return { claim: fewest - own, surplus: 0 };
  if (own < most) return { claim: unheld > lacking ? 1 : 0, surplus: 0 };
  if (own > most) return { claim: 0, surplus: own - most };
  // It has its share rounded up; so many nodes have to make do with less, the first of them first.
  const wanted = lacking - unheld - sum(spread.map(count => Math.max(0, count - most)));
  const before = spread.slice(0, place).filter(count => count === most).length;
  return { claim: 0, surplus: most > fewest && wanted > before ? 1 : 0 };
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
