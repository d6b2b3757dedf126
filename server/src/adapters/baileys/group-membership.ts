import type { WASocket } from '@whiskeysockets/baileys';

/** WhatsApp's words for a group that is not there, or not for this account. */
const NOT_A_MEMBER: ReadonlySet<unknown> = new Set([400, 401, 403, 404, 406, 410]);

/** Whether the group exists and the account is in it. @throws what Baileys throws for anything else */
export async function isMemberOf(socket: Pick<WASocket, 'groupMetadata'>, jid: string): Promise<boolean> {
  try {
    await socket.groupMetadata(jid);
    return true;
  } catch (error) {
    // Baileys puts the code of a refusal there.
    if (typeof error === 'object' && error !== null && 'data' in error && NOT_A_MEMBER.has(error.data)) return false;
    throw error;
  }
}
