/** The place of one message among those that have to leave in order. */
export interface PlaceInLine {
  /** For whoever writes the message, once it could leave: whether it may. */
  turn(): Promise<boolean>;
  /** Resolves when that is asked. */
  reached: Promise<void>;
  /** Resolves when it is answered. */
  passed: Promise<void>;
  /** It must not leave any more: whoever waited for it has been told that it failed. */
  leave(): void;
}

export function takePlace(turn: () => Promise<boolean>): PlaceInLine {
  let hasLeft = false;
  let onReached = () => {};
  let onPassed = () => {};
  const reached = new Promise<void>(resolve => { onReached = resolve; });
  const passed = new Promise<void>(resolve => { onPassed = resolve; });
  return {
    reached,
    passed,
    async turn() {
      onReached();
      try {
        return await turn() && !hasLeft;
      } finally {
        onPassed();
      }
    },
    leave() {
      hasLeft = true;
    },
  };
}
