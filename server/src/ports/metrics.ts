import type { CloseCause } from '../domain/instances/reconnect-policy.js';
import type { InstanceStatus } from '../domain/instances/instance.js';

/** Whether the caller waited for WhatsApp's word (`sync`), or the message went through the queue. */
export type SendMode = 'sync' | 'async';

/**
 * A stretch of a connection's way that can succeed or fail by itself: until there is a QR (`qr`), from the scan to CONNECTED (`link`), or from the
 * beginning to CONNECTED with a session that is there (`resume`). The time in which nobody scans belongs to none.
 */
export type ConnectPhase = 'qr' | 'link' | 'resume';

/** `cancelled`: somebody disconnected, or began anew; it says nothing about the connection. */
export type ConnectOutcome = 'ok' | 'failed' | 'cancelled';

/**
 * What happens, said once for each time it does; sums of all nodes are the whole. Nothing here names an instance, a number or an address: what is said
 * becomes a label, and labels have to stay few. Must never throw, and never wait.
 */
export interface Metrics {
  /** An outgoing message got WhatsApp's acknowledgement (`sent`), or came to another end: the code of its failure. */
  sendEnded(mode: SendMode, outcome: string): void;
  /** Messages were accepted into the queue. */
  sendsQueued(count: number): void;
  /** WhatsApp acknowledged a message that long after it could leave (milliseconds). */
  acknowledged(mode: SendMode, ms: number): void;
  /** A message came in that had not been there before. */
  messageReceived(): void;
  /** One post to a receiver of events: what came of it, and how long it took (milliseconds). */
  deliveryAttempted(outcome: 'delivered' | 'retry' | 'dead', ms: number): void;
  /** A receiver has an event that was that old (milliseconds). */
  eventDelivered(ageMs: number): void;
  /** Something was given up for good and waits for a person. */
  deadLetter(kind: 'message' | 'delivery'): void;
  connectEnded(phase: ConnectPhase, outcome: ConnectOutcome): void;
  /** How long a stretch took that ended well (milliseconds). */
  connectTook(phase: ConnectPhase, ms: number): void;
  connectionClosed(cause: CloseCause): void;
  /** A connection will be made again by itself, because of that. */
  reconnectScheduled(cause: CloseCause): void;
  /** A QR that nobody scanned in time. */
  pairingExpired(): void;
  /** A connection that was up and answered nothing. */
  sessionDeaf(): void;
  /** An instance lost its connection again and again. */
  sessionFlapping(): void;
  /** `route` as it was declared, never the address itself; null where there is none. */
  requestAnswered(request: { method: string; route: string | null; status: number; ms: number }): void;
}

/** How things are at a moment: of this node, and of the instances that it owns. */
export interface Gauges {
  sessions: Record<InstanceStatus, number>;
  /** Instances on their way to a first connection: their QR waits to be scanned. */
  pending: number;
  /** null in a gateway that shares its store with nobody. */
  cluster: { ownedInstances: number; nodes: number } | null;
  breakers: { open: number; halfOpen: number; /** How long the first of them has not been closed. */ longestMs: number };
  /** null while nothing could be read of the store. */
  work: WorkGauges | null;
  store: { up: boolean; /** Of the last answer. */ latencyMs: number | null };
}

/** What waits in the store. A moment old at most, so that asking costs little. */
export interface WorkGauges {
  queued: number;
  sending: number;
  /** Queued, and their time has come. */
  due: number;
  /** How long the first of those waits, of instances that are connected and of those that are not; 0 where none does. */
  oldestMs: { connected: number; away: number };
  deadMessages: number;
  pendingDeliveries: number;
  /** How long the first delivery has been due; 0 where none is. */
  overdueMs: number;
  deadDeliveries: number;
}

/** What is exposed to whoever collects it. */
export interface Exposition { contentType: string; text: string }
