/** Why an instance is in its state: a stable code, and a sentence that tells the user what to do. */
export const REASONS = {
  created: 'This instance has never been connected. Call connect and scan the QR code.',
  connecting: 'The connection to WhatsApp is being made.',
  waiting_for_scan: 'Scan the QR code in WhatsApp under Linked devices, or ask for a pairing code.',
  pairing: 'The code was scanned; WhatsApp is linking this device.',
  connected: 'Connected and authenticated.',
  reconnecting: 'The connection was lost; the gateway is connecting again by itself.',
  deaf: 'WhatsApp stopped answering on this connection, so the gateway is making a new one by itself.',
  flapping: 'The connection was lost again and again, so the gateway pauses before it tries once more by itself. Check its network and whether the phone is online; connect tries at once.',
  taken_over: 'Another node of the gateway is taking the instance over; it connects by itself, without a new scan.',
  unreachable: 'WhatsApp cannot be reached from the gateway, which keeps trying by itself. Check its network, or whether the simulator runs.',
  disconnected_by_user: 'Disconnected on request. Call connect to come back; no new scan is needed if it was paired.',
  never_paired: 'There is no usable session. Call connect and scan the QR code.',
  qr_expired: 'The QR code was not scanned in time. Call connect for a fresh one.',
  pairing_failed: 'Linking the device did not finish. Call connect for a fresh QR code.',
  logged_out: 'Logged out, here or on the phone: the session is gone. Call connect and scan a new QR code. Where the phone still lists this device under Linked devices, remove it there.',
  restored: 'The session was restored from a backup. Call connect; no new scan is needed.',
  replaced: 'Another connection took over this session. Make sure that only one gateway uses it, then call connect.',
  banned: 'WhatsApp refused this account (403). Open WhatsApp on the phone and see what it says before connecting again.',
  multidevice_mismatch: 'WhatsApp wants the account to be linked again (411). Log out, then connect and scan a new QR code.',
  client_outdated: 'WhatsApp says this client version is outdated (405). Set WHATSAPP_VERSION to a newer one or update the gateway.',
  cleaned_up: 'Cleaned up on request: nothing of the connection is left. Call connect to come back; a new scan is needed only if the session was deleted, too.',
  deleted: 'The instance is deleted. Restore it to use it again.',
  gateway_stopped: 'The gateway was stopped; an active instance reconnects at the next start.',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Connecting again would do harm until somebody has looked: it would take the session from whoever has it now, or ask WhatsApp in vain again and again. */
const WAITS_FOR_SOMEBODY: ReadonlySet<ReasonCode> = new Set(['replaced', 'banned', 'multidevice_mismatch']);

/** Whether an active instance that ended for this reason may be connected without anybody asking for it, as at a start or by another node. */
export function mayComeBack(reason: ReasonCode): boolean {
  return !WAITS_FOR_SOMEBODY.has(reason);
}

/** The sentence for a reason. */
export function describeReason(reason: ReasonCode): string {
  return REASONS[reason];
}
