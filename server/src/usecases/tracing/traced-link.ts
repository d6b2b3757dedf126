import type { NodeLink } from '../../ports/node-link.js';
import type { Tracer } from '../../ports/tracer.js';
import type { TraceMemory } from './trace-memory.js';

const TOPIC = 'traces';

/** Which traces messages belong to: [instance, message, traceparent] each. */
type Told = [instanceId: string, messageId: string, traceparent: string][];

/** A link over which traces go on: what a node does for another is a part of the caller's trace. */
export function createTracedLink(link: NodeLink, tracer: Tracer, memory: Pick<TraceMemory, 'keepMessage'>): NodeLink {
  link.onTold(TOPIC, told => {
    for (const entry of told as Told) memory.keepMessage(...entry);
  });
  return {
    ...link,
    serve: handle => link.serve(call => tracer.continueFrom(call.traceparent ?? null, 'do for another node', { 'chasqui.verb': call.verb }, () => handle(call), 'server')),
    call: (nodeId, call, timeoutMs) => tracer.run('ask another node', { 'chasqui.verb': call.verb }, () => {
      const traceparent = tracer.current();
      return link.call(nodeId, traceparent === null ? call : { ...call, traceparent }, timeoutMs);
    }, 'client'),
  };
}

/** Says to the other nodes, one of which will send them, which trace these messages belong to. Where it gets lost a new trace begins there. */
export function tellTrace(link: Pick<NodeLink, 'tell'>, instanceId: string, messageIds: string[], traceparent: string | null): void {
  if (traceparent !== null) link.tell(TOPIC, messageIds.map(messageId => [instanceId, messageId, traceparent]) satisfies Told);
}
