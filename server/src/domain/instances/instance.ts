import type { ReasonCode } from './reasons.js';

export const INSTANCE_STATUSES = ['CONNECTING', 'QR_READY', 'CONNECTED', 'DISCONNECTED', 'LOGGED_OUT'] as const;
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

/** Settings a user may change per instance. Times in milliseconds. */
export interface InstanceSettings {
  /** Gap between two asynchronous sends. */
  sendIntervalMs: number;
  /** Gap between two asynchronous sends to one recipient. */
  recipientIntervalMs: number;
}

export const DEFAULT_SETTINGS: InstanceSettings = { sendIntervalMs: 400, recipientIntervalMs: 0 };

/** One WhatsApp account as the gateway knows it (requirement P1). Times are epoch milliseconds. */
export interface Instance {
  instanceId: string;
  name: string;
  phoneNumber: string | null;
  lid: string | null;
  status: InstanceStatus;
  reason: ReasonCode;
  /** Epoch of the tenure in which the status was written; null before the first. */
  statusEpoch: number | null;
  /** Text of the QR shown last; null as soon as no live socket stands behind it. */
  qr: string | null;
  qrAt: number | null;
  connectedAt: number | null;
  lastSeen: number | null;
  /** The user wants this instance to be connected: it reconnects by itself at start. */
  active: boolean;
  settings: InstanceSettings;
  createdAt: number;
  updatedAt: number;
  /** Soft delete; null while the instance is in use. */
  deletedAt: number | null;
}

/** Technical ids: letters, digits, `_` and `-`, 1 to 64 characters, safe in a path and a queue name. */
export const INSTANCE_ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';
