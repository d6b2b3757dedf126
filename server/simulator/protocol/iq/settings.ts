import { getBinaryNodeChild, getBinaryNodeChildren } from '@whiskeysockets/baileys';
import { iqResult, node } from '../../nodes.js';
import type { IqHandler } from './types.js';

const PRIVACY = { readreceipts: 'all', last: 'all', online: 'all', profile: 'all', status: 'all', groupadd: 'all', calladd: 'all', messages: 'all' };

/** `privacy`: the settings of every account are the open ones; tokens and changes are accepted. */
export const answerPrivacy: IqHandler = (_device, request) => {
  if (request.attrs['type'] !== 'get') return iqResult(request);
  const categories = Object.entries(PRIVACY).map(([name, value]) => node('category', { name, value }));
  return iqResult(request, [node('privacy', {}, categories)]);
};

/** `blocklist`: nobody is blocked. */
export const answerBlocklist: IqHandler = (_device, request) => iqResult(request, [node('list', {}, [])]);

/** `abt`: no server properties beyond the defaults. */
export const answerProperties: IqHandler = (_device, request) =>
  iqResult(request, [node('props', { hash: 'simulator', ab_key: 'simulator', refresh: '86400' }, [])]);

/** `w:sync:app:state`: every collection stands at version 0 and is empty; a patch counts it up. */
export const answerAppState: IqHandler = (_device, request) => {
  const asked = getBinaryNodeChildren(getBinaryNodeChild(request, 'sync'), 'collection');
  const collections = asked.map((collection) => {
    const version = Number(collection.attrs['version'] ?? '0') + (getBinaryNodeChild(collection, 'patch') ? 1 : 0);
    return node('collection', { name: collection.attrs['name'], version: version.toString() });
  });
  return iqResult(request, [node('sync', {}, collections)]);
};
