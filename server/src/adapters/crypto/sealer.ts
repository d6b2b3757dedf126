import { SealError, type SealedPlace, type Sealer } from '../../ports/vault.js';
import type { DataKey, Keyring } from './keyring.js';
import { fromSealedText, openValue, sealedBy, sealValue, toSealedText } from './sealed-value.js';

/** @param onSeal called for each value that is sealed */
export function createSealer(keyring: Keyring, onSeal: (keyId: number) => void): Sealer {
  function sealWith(key: DataKey, place: SealedPlace, plain: Uint8Array): Uint8Array {
    onSeal(key.id);
    return sealValue(key, place, plain);
  }

  async function open(place: SealedPlace, sealed: Uint8Array): Promise<Uint8Array> {
    const id = sealedBy(sealed);
    if (id === null) throw new SealError(`A value of ${nameOf(place)} is not sealed.`);
    // Another process may have made a key since the last look.
    if (keyring.find(id) === null) await keyring.look();
    const key = keyring.find(id);
    if (key === null) throw new SealError(`A value of ${nameOf(place)} is sealed by the data key ${id}, which is not there.`);
    const plain = openValue(key, place, sealed);
    if (plain === null) throw new SealError(`A value of ${nameOf(place)} does not open: it was changed, or belongs elsewhere.`);
    return plain;
  }

  return {
    seal: (place, plain) => sealWith(keyring.active(), place, plain),
    open,
    sealText(place, plain) {
      const key = keyring.active();
      return toSealedText(key.id, sealWith(key, place, Buffer.from(plain, 'utf8')));
    },
    async openText(place, sealed) {
      const bytes = fromSealedText(sealed);
      if (bytes === null) throw new SealError(`A value of ${nameOf(place)} is not sealed.`);
      return Buffer.from(await open(place, bytes)).toString('utf8');
    },
  };
}

/** Without what it is the key of: that may be a phone number. */
function nameOf([table, instanceId, type]: SealedPlace): string {
  return [table, instanceId, type].filter(part => part !== '').join(' ');
}
