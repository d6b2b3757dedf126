import { getBinaryNodeChild, type BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../../accounts/linked-device.js';
import { iqResult, node } from '../../nodes.js';
import type { IqHandler } from './types.js';
import { answerAppState, answerBlocklist, answerPrivacy, answerProperties } from './settings.js';

export interface IqDeps {
  keys: IqHandler;
  usync: IqHandler;
  groups: IqHandler;
  /** `media_conn`: where to upload, with a token that names the account. */
  mediaConnection(device: LinkedDevice): { host: string; auth: string; ttl: number };
  /** The client wants its messages from now on. */
  activate(device: LinkedDevice): void;
  /** The client unlinks itself. */
  unlink(device: LinkedDevice): void;
}

/** Answers the iqs of logged-in clients; what it does not know gets an empty result, so that no client waits for a minute. */
export function createIqDispatcher(deps: IqDeps): (device: LinkedDevice, request: BinaryNode) => void {
  const handlers = new Map<string, IqHandler>([
    ['encrypt', deps.keys],
    ['usync', deps.usync],
    ['w:g2', deps.groups],
    ['privacy', answerPrivacy],
    ['blocklist', answerBlocklist],
    ['abt', answerProperties],
    ['w:sync:app:state', answerAppState],
    ['w:m', (device, request) => {
      const { host, auth, ttl } = deps.mediaConnection(device);
      const hosts = [node('host', { hostname: host, maxContentLengthBytes: (2 ** 30).toString() })];
      return iqResult(request, [node('media_conn', { auth, ttl: ttl.toString(), auth_ttl: ttl.toString() }, hosts)]);
    }],
    ['passive', (device, request) => {
      device.connection?.send(iqResult(request));
      if (getBinaryNodeChild(request, 'active')) deps.activate(device);
      return undefined;
    }],
    ['md', (device, request) => {
      if (!getBinaryNodeChild(request, 'remove-companion-device')) return iqResult(request);
      device.connection?.send(iqResult(request));
      deps.unlink(device);
      return undefined;
    }],
  ]);

  return (device, request) => {
    const handler = handlers.get(request.attrs['xmlns'] ?? '');
    const reply = handler ? handler(device, request) : iqResult(request);
    if (reply) device.connection?.send(reply);
  };
}
