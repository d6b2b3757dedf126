import type { Contacts } from './operations/contacts.js';
import { createContacts } from './operations/contacts.js';
import type { MediaHost } from './media/host.js';
import type { MediaStore } from './media/store.js';
import { describeMessage } from './messages/content.js';
import { createDelivery } from './messages/delivery.js';
import { createGroupRouter } from './messages/group-router.js';
import { createGroupSender, type GroupSender } from './messages/group-sender.js';
import type { ReceivePlain } from './messages/outgoing.js';
import { createReader } from './messages/reader.js';
import { createReceipts } from './messages/receipts.js';
import { createRouter } from './messages/router.js';
import { createSealing } from './messages/sealing.js';
import { createSender, type Sender } from './messages/sender.js';
import type { Network } from './network.js';
import type { NoiseIdentity } from './noise/certificates.js';
import { createFaultControl, type FaultControl } from './operations/fault-control.js';
import { createGroups, type Groups } from './operations/groups.js';
import { createPhones, type Phones } from './operations/phones.js';
import { createDeviceLists } from './protocol/device-lists.js';
import { sendBootstrap } from './protocol/history.js';
import { createGroupsHandler } from './protocol/iq/groups.js';
import { createIqDispatcher } from './protocol/iq/index.js';
import { createKeysHandler } from './protocol/iq/keys.js';
import { createUsyncHandler } from './protocol/iq/usync.js';
import { createLinking } from './protocol/linking.js';
import { createPairingCodes } from './protocol/pairing-code.js';
import { createRegistrations, type RegistrationOptions } from './protocol/registration.js';
import { createProtocolServer, type ProtocolServer } from './protocol/server.js';

const MEDIA_TOKEN_SECONDS = 3600;

export interface AssemblyOptions {
  network: Network;
  identity: NoiseIdentity;
  store: MediaStore;
  host: MediaHost;
  addressing: 'pn' | 'lid';
  quickPairing: boolean;
  registration: RegistrationOptions;
}

export interface Assembly {
  protocol: ProtocolServer;
  phones: Phones;
  contacts: Contacts;
  groups: Groups;
  faults: FaultControl;
}

/** Puts the parts of one simulated network together. */
export function assemble({ network, identity, store, host, addressing, quickPairing, registration }: AssemblyOptions): Assembly {
  const delivery = createDelivery(network);
  const sealing = createSealing(network, delivery);
  const deviceLists = createDeviceLists(network, delivery);

  // Three circles are closed by a late look-up: a receipt may ask for a message again, a message be answered by itself.
  const receipts = createReceipts(network, delivery, (from, device, receipt) => {
    const group = network.groups.find(receipt.attrs['to']);
    return group ? groupSender.resend(from, group, device, receipt) : sender.resend(from, device, receipt);
  });
  const reader = createReader({
    network,
    delivery,
    receipts,
    describe: (message) => describeMessage(message, store),
    onMessage: (...message) => contacts.onMessage(...message),
  });
  const receivePlain: ReceivePlain = (to, message) => reader.receivePlain(to, message);
  const sender: Sender = createSender(network, delivery, sealing, receivePlain);
  const groupSender: GroupSender = createGroupSender(network, delivery, sealing, receivePlain);

  const registrations = createRegistrations(network, registration);
  const linking = createLinking(network, deviceLists);
  const pairingCodes = createPairingCodes(network, registrations, linking);
  const phones = createPhones({ network, registrations, linking, pairingCodes, deviceLists });
  const contacts: Contacts = createContacts({ network, sender, receipts, phones, store, host, addressing });
  const groups = createGroups({ network, sender: groupSender, store, host });

  const iq = createIqDispatcher({
    keys: createKeysHandler(network, sealing, quickPairing ? 1 : 0),
    usync: createUsyncHandler(network, deviceLists),
    groups: createGroupsHandler(network),
    mediaConnection: (device) => ({ host: host.authority, auth: store.authFor(device.account.number), ttl: MEDIA_TOKEN_SECONDS }),
    activate(device) {
      device.active = true;
      delivery.flush(device);
      if (!device.bootstrapped) void device.account.enqueue(() => sendBootstrap(device, network, sealing, delivery));
    },
    unlink: (device) => phones.remove(device),
  });

  const router = createRouter(network, delivery, reader, createGroupRouter(network, delivery, reader));
  return {
    protocol: createProtocolServer({ network, identity, registrations, linking, pairingCodes, iq, receipts, delivery, router }),
    phones,
    contacts,
    groups,
    faults: createFaultControl({ network, remove: (device) => phones.remove(device), release: () => delivery.release() }),
  };
}
