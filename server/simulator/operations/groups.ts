import type { Group } from '../accounts/groups.js';
import { ControlError } from '../errors.js';
import { isOnWhatsApp, normaliseNumber, userJid } from '../jids.js';
import type { MediaHost } from '../media/host.js';
import type { MediaStore } from '../media/store.js';
import { composeMessage, type MessageInput } from '../messages/compose.js';
import type { GroupSender } from '../messages/group-sender.js';
import type { Network } from '../network.js';
import type { ReceivedMessage } from './contacts.js';

export interface GroupRequest {
  subject: string;
  /** Numbers of phones and contacts; the first of them is the one who made the group. */
  members: string[];
}

export type GroupWriteRequest = MessageInput & {
  /** The number of the member who writes. */
  from: string;
  /** Any id instead of a new one. */
  messageId?: string | undefined;
};

export interface GroupView {
  jid: string;
  subject: string;
  members: string[];
}

/** What happens in groups. Numbers come in any usual spelling, groups by their JID. */
export interface Groups {
  /** @throws ControlError 400 `invalid_number`, 409 `not_on_whatsapp` */
  create(request: GroupRequest): GroupView;
  list(): GroupView[];
  /** @throws ControlError 404 `unknown_group` */
  get(jid: string): GroupView;
  /** A member writes by its own phone. @throws ControlError 404 `unknown_group`, 403 `not_a_member`, 400 `invalid_message` */
  write(jid: string, request: GroupWriteRequest): Promise<{ messageId: string }>;
  /**
   * What a member itself received and decrypted, oldest first; with a phone also what its linked devices wrote.
   * @throws ControlError 404 `unknown_group`, 403 `not_a_member`
   */
  received(jid: string, member: string): ReceivedMessage[];
}

export interface GroupsDeps {
  network: Network;
  sender: GroupSender;
  store: MediaStore;
  host: MediaHost;
}

export function createGroups({ network, sender, store, host }: GroupsDeps): Groups {
  const find = (jid: string): Group => {
    const group = network.groups.find(jid);
    if (!group) throw new ControlError(404, 'unknown_group', `There is no group ${jid}; make it with POST /groups.`);
    return group;
  };
  const memberOf = (group: Group, input: string) => {
    const number = normaliseNumber(input);
    if (!group.members.includes(number)) throw new ControlError(403, 'not_a_member', `${number} is not a member of ${group.jid}.`);
    return network.directory.get(number);
  };

  return {
    create({ subject, members }) {
      const numbers = [...new Set(members.map(normaliseNumber))];
      const stranger = numbers.find((number) => !isOnWhatsApp(number));
      if (stranger) throw new ControlError(409, 'not_on_whatsapp', `${stranger}: numbers that begin with 999 are not on WhatsApp.`);
      return groupView(network.groups.create(subject, numbers));
    },
    list: () => network.groups.list().map(groupView),
    get: (jid) => groupView(find(jid)),
    async write(jid, { from, messageId, ...input }) {
      const group = find(jid);
      const writer = memberOf(group, from);
      const participantOf = (id: string) => {
        const author = writer.inbox.findById(id)?.from;
        return author === undefined ? undefined : userJid(author, 'lid');
      };
      const context = { store, authority: host.authority, now: network.clock.now(), chatJid: group.jid, participantOf };
      const sent = await sender.send(writer, group, await composeMessage(input, context), messageId);
      return { messageId: sent.messageId };
    },
    received(jid, member) {
      const group = find(jid);
      const messages = memberOf(group, member).inbox.list().filter((message) => message.group === group.jid);
      return messages.map(({ server: _server, fromMe: _fromMe, ...message }) => message);
    },
  };
}

function groupView({ jid, subject, members }: Group): GroupView {
  return { jid, subject, members: [...members] };
}
