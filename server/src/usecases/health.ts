import type { ConnectionState } from '../domain/instances/connection.js';
import type { Clock } from '../ports/clock.js';
import type { Leases, NodeReport } from '../ports/leases.js';
import type { GatewayHealth } from './gateway.js';
import type { SessionManager } from './sessions/session-manager.js';
import type { DeliveryDispatcher } from './webhooks/deliver-webhooks.js';
import { worstOf } from './webhooks/receiver-breaker.js';

/** What the other nodes say of themselves is asked for this often at most: anybody may ask for the health. */
const FRESH_MS = 1_000;
/** And waited for that long: whoever asks for the health does not wait long either. */
const WAIT_MS = 500;

export interface NodeReportParts {
  sessions: Pick<SessionManager, 'all'>;
  dispatcher: Pick<DeliveryDispatcher, 'worstBreaker'>;
}

/** How many sessions of this node are connected, how many wait for a scan, and how the receivers of events do that it posts to. */
export function createNodeReport({ sessions, dispatcher }: NodeReportParts): () => NodeReport {
  return () => {
    const states = sessions.all().map(({ session }) => session.view().connection);
    return {
      activeSessions: states.filter(({ status }) => status === 'CONNECTED').length,
      pendingCount: states.filter(isPending).length,
      circuitBreaker: dispatcher.worstBreaker(),
    };
  };
}

/** On the way to a first connection: nobody has scanned yet. */
export function isPending({ status, paired }: Pick<ConnectionState, 'status' | 'paired'>): boolean {
  return status === 'QR_READY' || (status === 'CONNECTING' && !paired);
}

export interface HealthParts {
  /** This node's own numbers, as they are now. */
  report: () => NodeReport;
  /** null in a gateway that shares its store with nobody. */
  leases: Pick<Leases, 'nodeId' | 'nodes'> | null;
  clock: Clock;
}

/** The numbers of all nodes together; this node's alone, while the store cannot be reached. */
export function createHealth({ report, leases, clock }: HealthParts): () => Promise<GatewayHealth> {
  const others = leases ? createOthers(leases, clock) : async () => [];
  return async () => {
    const reports = [report(), ...await others()];
    return {
      activeSessions: sum(reports.map(({ activeSessions }) => activeSessions)),
      pendingCount: sum(reports.map(({ pendingCount }) => pendingCount)),
      circuitBreaker: worstOf(reports.map(({ circuitBreaker }) => circuitBreaker)),
    };
  };
}

/** The reports of the other nodes that live. */
function createOthers(leases: Pick<Leases, 'nodeId' | 'nodes'>, clock: Clock): () => Promise<NodeReport[]> {
  let known: NodeReport[] = [];
  let askedAt = -Infinity;
  let asking: Promise<void> | null = null;

  async function ask(): Promise<void> {
    const nodes = await leases.nodes().catch(() => []);
    known = nodes.filter(({ nodeId }) => nodeId !== leases.nodeId).map(({ report }) => report);
    asking = null;
  }

  return async () => {
    if (!asking && clock.elapsed() - askedAt >= FRESH_MS) {
      askedAt = clock.elapsed();
      asking = ask();
    }
    if (asking) await atMost(asking, WAIT_MS, clock);
    return known;
  };
}

function atMost(work: Promise<void>, ms: number, clock: Clock): Promise<void> {
  return new Promise(resolve => {
    const cancel = clock.after(ms, resolve);
    void work.then(() => {
      cancel();
      resolve();
    });
  });
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
