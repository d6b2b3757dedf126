import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { ControlError } from '../errors.js';
import { isOnWhatsApp, normaliseNumber, userJid } from '../jids.js';
import type { Network } from '../network.js';
import { removedStanza } from '../protocol/connection.js';
import type { DeviceLists } from '../protocol/device-lists.js';
import type { Linking } from '../protocol/linking.js';
import type { PairingCodes } from '../protocol/pairing-code.js';
import type { Registrations } from '../protocol/registration.js';

export interface DeviceView {
  device: number;
  jid: string;
  lid: string;
  connected: boolean;
  linkedAt: string;
  /** Stanzas that it has not acknowledged. */
  pending: { messages: number; receipts: number; notifications: number };
  preKeys: number;
}

export interface PhoneView {
  number: string;
  name: string;
  jid: string;
  lid: string;
  devices: DeviceView[];
}

/** What the owner of a phone does. Numbers come in any usual spelling. */
export interface Phones {
  /** Makes a phone that can scan; a second time only renames it. */
  add(number: string, name?: string): PhoneView;
  list(): PhoneView[];
  /** @throws ControlError 404 `unknown_phone` */
  get(number: string): PhoneView;
  /** Scans the QR code that a client shows; answers when the client is linked. */
  scan(number: string, qr: string): Promise<DeviceView>;
  /** Types the pairing code that a client shows; answers when the client is linked. */
  enterPairingCode(number: string, code: string): Promise<DeviceView>;
  /** Unlinks one device or all; a connected client is logged out (401). Answers how many it were. */
  unlink(number: string, device?: number): number;
  /** Removes a linked device, as phone or client asked. */
  remove(device: LinkedDevice): void;
  /** @throws ControlError 404 `unknown_phone` */
  account(number: string): Account;
}

export interface PhonesDeps {
  network: Network;
  registrations: Registrations;
  linking: Linking;
  pairingCodes: PairingCodes;
  deviceLists: DeviceLists;
}

export function createPhones({ network, registrations, linking, pairingCodes, deviceLists }: PhonesDeps): Phones {
  const account = (number: string) => {
    const found = network.directory.peek(normaliseNumber(number));
    if (!found?.isPhone) throw new ControlError(404, 'unknown_phone', `There is no phone ${number}; make it with POST /phones.`);
    return found;
  };

  const refuseIfNeverScanned = (number: string) => {
    if (network.faults.take('never-scanned', number)) {
      throw new ControlError(409, 'never_scanned', 'The fault never-scanned is set: this phone scans nothing.');
    }
  };

  const remove = (device: LinkedDevice) => {
    device.linked = false;
    device.account.devices.delete(device.id);
    device.pending.clear();
    deviceLists.changed(device.account, 'remove', device);
    device.connection?.end(removedStanza());
  };

  return {
    account,
    remove,
    add(input, name) {
      const number = normaliseNumber(input);
      if (!isOnWhatsApp(number)) throw new ControlError(400, 'invalid_number', 'Numbers that begin with 999 are not on WhatsApp.');
      const made = network.directory.get(number);
      made.isPhone = true;
      if (name !== undefined) made.name = name;
      return phoneView(made);
    },
    list: () => network.directory.phones().map(phoneView),
    get: (number) => phoneView(account(number)),
    async scan(number, qr) {
      const phone = account(number);
      const { registration, advSecret } = registrations.findByQr(qr);
      refuseIfNeverScanned(phone.number);
      return deviceView(await linking.link(phone, registration, advSecret));
    },
    async enterPairingCode(number, code) {
      const phone = account(number);
      refuseIfNeverScanned(phone.number);
      return deviceView(await pairingCodes.enter(phone, code));
    },
    unlink(number, deviceId) {
      const phone = account(number);
      const chosen = [...phone.devices.values()].filter((device) => deviceId === undefined || device.id === deviceId);
      if (deviceId !== undefined && !chosen.length) {
        throw new ControlError(404, 'unknown_device', `The phone ${phone.number} has no linked device ${deviceId}.`);
      }
      chosen.forEach(remove);
      return chosen.length;
    },
  };
}

function phoneView(account: Account): PhoneView {
  return {
    number: account.number,
    name: account.name,
    jid: userJid(account.number, 's.whatsapp.net'),
    lid: userJid(account.number, 'lid'),
    devices: [...account.devices.values()].map(deviceView),
  };
}

function deviceView(device: LinkedDevice): DeviceView {
  const { number } = device.account;
  return {
    device: device.id,
    jid: userJid(number, 's.whatsapp.net', device.id),
    lid: userJid(number, 'lid', device.id),
    connected: device.connection !== undefined,
    linkedAt: new Date(device.linkedAt).toISOString(),
    pending: pendingOf(device),
    preKeys: device.preKeys.length,
  };
}

function pendingOf(device: LinkedDevice): DeviceView['pending'] {
  const waiting = { messages: 0, receipts: 0, notifications: 0 };
  for (const { tag } of device.pending.values()) {
    if (tag === 'message') waiting.messages += 1;
    else if (tag === 'receipt') waiting.receipts += 1;
    else waiting.notifications += 1;
  }
  return waiting;
}
