import type { Logger } from 'pino';
import type { Leases } from '../../ports/leases.js';
import type { NodeCall, NodeLink } from '../../ports/node-link.js';
import type { GatewayUseCases } from '../gateway.js';

/** Longer than a node takes for a hundred sessions. */
const ANSWER_WITHIN_MS = 30_000;
/** The verb's name between nodes: it concerns no single instance. */
export const CLEAN_UP_VERB = 'cleanUpSessions';

export interface CleanUpEverywhereParts {
  local: Pick<GatewayUseCases, 'cleanUpSessions'>;
  leases: Pick<Leases, 'nodeId' | 'nodes'>;
  link: Pick<NodeLink, 'call'>;
  logger: Pick<Logger, 'warn'>;
}

/** Has every node of the cluster clean what it owns, and answers all of it together. One that does not answer is counted. */
export function createCleanUpEverywhere({ local, leases, link, logger }: CleanUpEverywhereParts): GatewayUseCases['cleanUpSessions'] {
  return async (kind, options = {}) => {
    const others = (await leases.nodes()).map(({ nodeId }) => nodeId).filter(nodeId => nodeId !== leases.nodeId);
    const call: NodeCall = { verb: CLEAN_UP_VERB, args: [kind, options.wanted ?? null] };
    const answers = await Promise.all([
      local.cleanUpSessions(kind, options),
      ...others.map(nodeId => link.call(nodeId, call, ANSWER_WITHIN_MS).then(toAnswer, (err: unknown) => {
        logger.warn({ err, nodeId, kind }, 'a node did not answer whether it cleaned its sessions up');
        return { instanceIds: [], unansweredNodes: 1 };
      })),
    ]);
    return {
      instanceIds: answers.flatMap(({ instanceIds }) => instanceIds).sort(),
      unansweredNodes: answers.reduce((sum, { unansweredNodes }) => sum + unansweredNodes, 0),
    };
  };
}

type Answer = Awaited<ReturnType<GatewayUseCases['cleanUpSessions']>>;

function toAnswer(answer: unknown): Answer {
  return answer as Answer;
}

/** The other side: cleans what this node owns. */
export function cleanUpForAnother(local: Pick<GatewayUseCases, 'cleanUpSessions'>, args: unknown[]): Promise<Answer> {
  const [kind, wanted] = args as ['pending' | 'inactive', string[] | null];
  return local.cleanUpSessions(kind, wanted === null ? {} : { wanted });
}
