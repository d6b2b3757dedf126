import type { BinaryNode, WASocket } from '@whiskeysockets/baileys';

type Listener = (node: BinaryNode) => unknown;

export interface HeldReceipts {
  /** Baileys gets this receipt, and acknowledges it, when `stored` has succeeded, and never if it fails. */
  hold(receipt: BinaryNode, stored: Promise<unknown>): void;
}

/**
 * Lets Baileys acknowledge a receipt only when what it says is stored: WhatsApp does not send it again afterwards. Nothing but that
 * acknowledgement waits. Receipts that are not held, such as retry requests, go through at once.
 */
export function holdReceipts(socket: WASocket): HeldReceipts {
  const held = new WeakMap<BinaryNode, Promise<unknown>>();
  const listeners = socket.ws.listeners('CB:receipt') as Listener[];
  socket.ws.removeAllListeners('CB:receipt');
  socket.ws.on('CB:receipt', (node: BinaryNode) => {
    const pass = () => {
      for (const listener of listeners) void listener.call(socket.ws, node);
    };
    const stored = held.get(node);
    if (stored) stored.then(pass, () => {});
    else pass();
  });
  return { hold: (receipt, stored) => void held.set(receipt, stored) };
}
