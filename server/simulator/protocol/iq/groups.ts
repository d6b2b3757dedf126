import { getBinaryNodeChild, type BinaryNode } from '@whiskeysockets/baileys';
import type { Group } from '../../accounts/groups.js';
import { userJid } from '../../jids.js';
import type { Network } from '../../network.js';
import { iqError, iqResult, node } from '../../nodes.js';
import type { IqHandler } from './types.js';

/** `w:g2`: a group's metadata for its members, and all groups of an account. Changes of groups have no effect. */
export function createGroupsHandler({ groups }: Network): IqHandler {
  return (device, request) => {
    if (request.attrs['type'] !== 'get') return iqResult(request);
    const isMember = (group: Group) => group.members.includes(device.account.number);
    if (getBinaryNodeChild(request, 'participating')) {
      return iqResult(request, [node('groups', {}, groups.list().filter(isMember).map(groupNode))]);
    }
    if (!getBinaryNodeChild(request, 'query')) return iqResult(request);
    const group = groups.find(request.attrs['to']);
    if (!group) return iqError(request, 404, 'item-not-found');
    if (!isMember(group)) return iqError(request, 403, 'forbidden');
    return iqResult(request, [groupNode(group)]);
  };
}

function groupNode({ jid, subject, members, createdAt }: Group): BinaryNode {
  const [creator = ''] = members;
  const time = Math.floor(createdAt / 1000).toString();
  const participants = members.map((number) =>
    node('participant', {
      jid: userJid(number, 'lid'),
      phone_number: userJid(number, 's.whatsapp.net'),
      type: number === creator ? 'superadmin' : undefined,
    }),
  );
  const [lid, pn] = [userJid(creator, 'lid'), userJid(creator, 's.whatsapp.net')];
  const attrs = {
    id: jid.split('@')[0], subject, addressing_mode: 'lid', size: members.length.toString(),
    creation: time, creator: lid, creator_pn: pn, s_t: time, s_o: lid, s_o_pn: pn,
  };
  return node('group', attrs, participants);
}
