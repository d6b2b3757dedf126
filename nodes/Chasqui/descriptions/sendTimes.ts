import { DateTime } from 'luxon';
import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { waitFor } from './waitFor';

/** An entry of Options: when a queued message goes out. */
export const scheduledAtField: INodeProperties = {
  displayName: 'Scheduled At',
  name: 'scheduledAt',
  type: 'dateTime',
  default: '',
  description: 'Not before this time, at most a year ahead. Only with Wait For: Nothing (Queue It). Without a time zone it is in that of the workflow.',
};

/** An entry of Options: until when a queued message is worth sending. */
export const expiresAtField: INodeProperties = {
  displayName: 'Expires At',
  name: 'expiresAt',
  type: 'dateTime',
  default: '',
  description: 'What could not be sent by then fails; by default 24 hours after it was due. Only with Wait For: Nothing (Queue It). Without a time zone it is in that of the workflow.',
};

/** The gateway's fields for both, in UTC; nothing for what was left empty. @throws NodeOperationError */
export function sendTimes(this: IExecuteFunctions, itemIndex: number): { scheduledAt?: string; expiresAt?: string } {
  const options = this.getNodeParameter('options', itemIndex, {});
  return {
    ...readTime.call(this, options, scheduledAtField, itemIndex),
    ...readTime.call(this, options, expiresAtField, itemIndex),
  };
}

function readTime(this: IExecuteFunctions, options: IDataObject, { name, displayName }: INodeProperties, itemIndex: number): Record<string, string> {
  const given: unknown = options[name];
  if (given === undefined || given === null || given === '') return {};
  const refuse = (message: string, description: string) => new NodeOperationError(this.getNode(), `${message}; nothing was sent`, { itemIndex, description });
  if (waitFor.call(this, itemIndex) !== 'nothing') {
    throw refuse(`${displayName} is only possible for a queued message`, `Choose Nothing (Queue It) in the field Wait For, or remove the option ${displayName}`);
  }
  const time = inZone(given, this.getTimezone());
  if (!time.isValid) throw refuse(`${displayName} is not a time: ${String(given)}`, 'Use ISO 8601, e.g. 2026-12-24T18:00:00, or an expression such as {{ $now.plus(1, "hour") }}');
  return { [name]: time.toJSDate().toISOString() };
}

/** n8n's own field gives a time without a zone, which is meant in the zone of the workflow; an expression may give one with. */
function inZone(given: unknown, zone: string): DateTime {
  if (given instanceof Date) return DateTime.fromJSDate(given);
  if (typeof given === 'number') return DateTime.fromMillis(given);
  const text = String(given).trim();
  const iso = DateTime.fromISO(text, { zone });
  return iso.isValid ? iso : DateTime.fromSQL(text, { zone });
}
