/** One instance's part of the queue. Times are epoch milliseconds. */
export interface QueueStats {
  instanceId: string;
  queued: number;
  /** Of those, whose time has come. */
  due: number;
  /** When the first of all is due. */
  firstDueAt: number;
}

export interface WorkStats {
  /** Asynchronous sends that wait; only instances that have some. */
  queues: QueueStats[];
  /** Written to WhatsApp, or about to be, without an acknowledgement. */
  sending: number;
  /** Failed messages that nobody has thrown out. */
  deadMessages: number;
  pendingDeliveries: number;
  /** When the first of those is due, or was; null when there is none. */
  firstDeliveryAt: number | null;
  deadDeliveries: number;
}

/** Counts what waits, of the instances that this process owns: over indexes, so that it may be asked every few seconds. */
export interface StoreStats {
  /** Resolves when the store answers. @throws DomainError `store_unavailable` */
  ping(): Promise<void>;
  /** @throws DomainError `store_unavailable` */
  work(now: number): Promise<WorkStats>;
}
