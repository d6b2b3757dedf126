/** Tells those who wait for a message that its state has changed. */
export interface MessageWatch {
  changed(instanceId: string, messageId: string): void;
  /** Calls `look` at each change, until the answered function is called. */
  on(instanceId: string, messageId: string, look: () => void): () => void;
}

export function createMessageWatch(): MessageWatch {
  const watchers = new Map<string, Set<() => void>>();
  const key = (instanceId: string, messageId: string) => `${instanceId}/${messageId}`;

  return {
    changed(instanceId, messageId) {
      for (const look of [...watchers.get(key(instanceId, messageId)) ?? []]) look();
    },
    on(instanceId, messageId, look) {
      const name = key(instanceId, messageId);
      const looks = watchers.get(name) ?? new Set();
      watchers.set(name, looks.add(look));
      return () => {
        looks.delete(look);
        if (looks.size === 0 && watchers.get(name) === looks) watchers.delete(name);
      };
    },
  };
}
