import type { IDataObject } from 'n8n-workflow';

/** What the gateway delivers; the id is the same when the same event is delivered again. */
export interface GatewayEvent {
  id: string;
  type: string;
  /** ISO 8601. */
  timestamp: string;
  instanceId: string;
  data: IDataObject;
}

/** The event in these bytes, or undefined if they are none. */
export function parseEvent(rawBody: Buffer): GatewayEvent | undefined {
  let body: unknown;
  try {
    body = JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
  const event = body as GatewayEvent | null;
  if (typeof event !== 'object' || event === null || typeof event.data !== 'object' || event.data === null) return undefined;
  return typeof event.id === 'string' && typeof event.type === 'string' ? event : undefined;
}

/**
 * One flat object for the workflow: the fields of the event's data, with what identifies the event. `timestamp` is the
 * time of the message where the event is about one, else the time of the event.
 */
export function flatten(event: GatewayEvent): IDataObject {
  return { eventId: event.id, type: event.type, instanceId: event.instanceId, timestamp: event.timestamp, ...event.data };
}
