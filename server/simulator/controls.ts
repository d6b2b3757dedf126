import type { ActivityLog } from './log.js';
import type { Contacts } from './operations/contacts.js';
import type { FaultControl } from './operations/fault-control.js';
import type { Groups } from './operations/groups.js';
import type { Phones } from './operations/phones.js';
import type { Stats } from './stats.js';

/** What a client must be told so that it trusts the simulated network. */
export interface Trust {
  /** For `waWebSocketUrl`. */
  webSocketUrl: string;
  /** For `WA_CERT_DETAILS.PUBLIC_KEY`: the root of the Noise certificates, hex. */
  rootPublicKey: string;
  /** For uploads and downloads: the CA of the media host, PEM. */
  mediaCa: string;
}

export interface StatsView extends Stats {
  /** Open WebSockets. */
  openSockets: number;
  /** Linked devices that are logged in. */
  connectedDevices: number;
  linkedDevices: number;
  phones: number;
  /** Numbers that have been used, phones included. */
  numbers: number;
}

/** Everything that can be done to a running simulator, in process or by its control API. */
export interface SimulatorControls {
  readonly trust: Trust;
  readonly phones: Phones;
  readonly contacts: Contacts;
  readonly groups: Groups;
  readonly faults: FaultControl;
  stats(): StatsView;
  log: ActivityLog['read'];
}
