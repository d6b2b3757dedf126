import type { Clock } from '../../ports/clock.js';
import type { NodeLink } from '../../ports/node-link.js';
import type { SendQueue } from '../../ports/send-queue.js';
import type { Tracer } from '../../ports/tracer.js';
import type { WebhookSender } from '../../ports/webhook-sender.js';
import type { Outlet } from '../events/outlet.js';
import type { GatewayUseCases } from '../gateway.js';
import type { Acknowledgements } from '../messages/acknowledgements.js';
import type { createReceiveMessage } from '../messages/receive-message.js';
import { createTraceMemory } from './trace-memory.js';
import { createTracedLink, tellTrace } from './traced-link.js';

type ReceiveMessage = ReturnType<typeof createReceiveMessage>;
type Sends = Pick<GatewayUseCases, 'sendMessage' | 'queueMessage' | 'queueMessages'>;

/** The parts that a message goes through, each recorded in its trace; without a tracer each is answered as it is. */
export interface TracedParts {
  sends<T extends Sends>(usecases: T): T;
  /** For what accepts messages: which request a queued message came with. The other nodes of a cluster hear of it. */
  announcing(queue: SendQueue, link: Pick<NodeLink, 'tell'>): SendQueue;
  link(link: NodeLink): NodeLink;
  acknowledgements(acknowledgements: Acknowledgements): Acknowledgements;
  receive(receive: ReceiveMessage): ReceiveMessage;
  outlet(outlet: Outlet): Outlet;
  /** Its posts carry the header `traceparent`. */
  sender(sender: WebhookSender): WebhookSender;
}

export const UNTRACED: TracedParts = {
  sends: usecases => usecases, announcing: queue => queue, link: same => same, acknowledgements: same => same, receive: same => same, outlet: same => same, sender: same => same,
};

/**
 * Where work was begun by something else than what it belongs to (a worker that a request woke, a socket that another one opened), its trace is
 * taken from memory by the message or the event, never from what happens to be under way.
 */
export function createTracedParts(tracer: Tracer, clock: Pick<Clock, 'elapsed'>): TracedParts {
  const memory = createTraceMemory(clock);
  const about = (instanceId: string) => ({ 'chasqui.instance.id': instanceId });

  function wait<T extends { errorCode: number | null } | null | string>(from: string | null, instanceId: string, messageId: string, begin: () => Promise<T>): Promise<T> {
    return tracer.continueFrom(from, 'wait for acknowledgement', about(instanceId), async note => {
      memory.keepMessage(instanceId, messageId, tracer.current());
      const ack = await begin();
      const outcome = ack === null ? 'timeout' : typeof ack === 'string' ? ack : ack.errorCode === null ? 'acknowledged' : 'refused';
      note({ 'chasqui.outcome': outcome, ...(outcome === 'timeout' || outcome === 'refused' ? { 'error.type': outcome } : {}) });
      return ack;
    }, 'client');
  }

  return {
    sends: usecases => ({
      ...usecases,
      sendMessage: (instanceId, request, options) => tracer.run('send message', { ...about(instanceId), 'chasqui.message.type': request.type }, () => usecases.sendMessage(instanceId, request, options)),
      queueMessage: (instanceId, request, options) => tracer.run('accept message', { ...about(instanceId), 'chasqui.message.type': request.type }, () => usecases.queueMessage(instanceId, request, options)),
      queueMessages: (instanceId, items) => tracer.run('accept messages', { ...about(instanceId), 'chasqui.messages': items.length }, () => usecases.queueMessages(instanceId, items)),
    }),
    link: link => createTracedLink(link, tracer, memory),
    announcing: (queue, link) => ({
      ...queue,
      announce(instanceId, entries) {
        const messageIds = entries.map(({ messageId }) => messageId);
        for (const messageId of messageIds) memory.keepMessage(instanceId, messageId, tracer.current());
        tellTrace(link, instanceId, messageIds, tracer.current());
        return queue.announce(instanceId, entries);
      },
    }),
    acknowledgements: acknowledgements => ({
      ...acknowledgements,
      wait: (instanceId, messageId, timeoutMs) => wait(tracer.current(), instanceId, messageId, () => acknowledgements.wait(instanceId, messageId, timeoutMs)),
      waitInQueue: (instanceId, messageId, timeoutMs) => wait(memory.message(instanceId, messageId), instanceId, messageId, () => acknowledgements.waitInQueue(instanceId, messageId, timeoutMs)),
    }),
    receive: receive => (tenure, message) => tracer.continueFrom(null, 'receive message', { ...about(tenure.instanceId), 'chasqui.message.type': message.type }, () => receive(tenure, message)),
    outlet: outlet => ({
      ...outlet,
      async prepare(instanceId, fact, ...rest) {
        const rows = await outlet.prepare(instanceId, fact, ...rest);
        const from = fact.type === 'message.received' ? tracer.current() : fact.type === 'message.ack' ? memory.message(instanceId, fact.data.messageId) : null;
        if (rows[0]) memory.keepEvent(rows[0].eventId, from);
        return rows;
      },
    }),
    sender: sender => ({
      post(request) {
        const eventId = request.headers['webhook-id'] ?? '';
        return tracer.continueFrom(memory.event(eventId), 'deliver event', { 'http.request.method': 'POST', 'chasqui.event.id': eventId }, async note => {
          const traceparent = tracer.current();
          const response = await sender.post(traceparent === null ? request : { ...request, headers: { ...request.headers, traceparent } });
          const { status } = response;
          note({ ...(status === null ? {} : { 'http.response.status_code': status }), ...(status === null || status >= 300 ? { 'error.type': String(status ?? 'no_answer') } : {}) });
          return response;
        }, 'client');
      },
      close: () => sender.close(),
    }),
  };
}
