/**
 * Calls between the nodes of a gateway. A call reaches the node once or not at all; where the answer is lost, so is the knowledge of what
 * became of it.
 */
export interface NodeLink {
  /** Takes calls from other nodes, until `close`; resolves when they can get here, or when that takes seconds. What `handle` throws as a DomainError the caller gets as one. */
  serve(handle: (call: NodeCall) => Promise<unknown>): Promise<void>;
  /**
   * Calls a verb on another node; arguments and answer are JSON, and bytes (`Uint8Array`).
   * @param timeoutMs until then the answer is waited for; a call that arrives later is not begun
   * @throws DomainError that of the verb; `owner_unreachable` with `details.reached`: false when the call certainly did not get there,
   * true when it may have
   */
  call(nodeId: string, call: NodeCall, timeoutMs: number): Promise<unknown>;
  /** Tells every other node something that it may miss: only for what they would notice anyway. Never rejects. */
  tell(topic: string, value: unknown): void;
  onTold(topic: string, listener: (value: unknown) => void): void;
  /** Takes no more calls, and waits some seconds for those under way. Idempotent. */
  close(): Promise<void>;
}

export interface NodeCall {
  verb: string;
  args: unknown[];
  /** The trace that it is a part of (`Tracer.current`). */
  traceparent?: string;
}
