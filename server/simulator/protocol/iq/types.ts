import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedDevice } from '../../accounts/linked-device.js';

/** Answers one iq of a logged-in client; undefined where the answer comes otherwise. */
export type IqHandler = (device: LinkedDevice, request: BinaryNode) => BinaryNode | undefined;
