import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { EncryptionStatusSchema, FinishSchema, RotateKeysBody, RotationSchema } from '../schemas/encryption.js';
import { problems } from '../schemas/problem.js';
import { iso, maybeIso } from '../views/time.js';

const tags = ['Encryption'];

/** The keys that seal what is stored. */
export function encryptionRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.get('/encryption', {
    config: { scope: 'admin' },
    schema: {
      summary: 'Look at the keys', operationId: 'getEncryption', tags,
      description: 'Which keys seal what is stored, by their numbers and fingerprints. Never a key.',
      response: { 200: EncryptionStatusSchema, ...problems() },
    },
  }, async () => {
    const { dataKeys, ...status } = await usecases.encryptionStatus();
    return { ...status, dataKeys: dataKeys.map(({ id, createdAt, retiredAt }) => ({ id, createdAt: iso(createdAt), ...maybeIso('retiredAt', retiredAt) })) };
  });

  app.post('/encryption/rotate', {
    config: { scope: 'admin', audit: 'encryption.rotate' },
    schema: {
      summary: 'Rotate the keys', operationId: 'rotateKeys', tags,
      description: 'Makes a new data key and seals everything anew under it, while everything runs; with `newMasterKey` it changes the master key, too. It answers when that is done, which takes about as long as reading all sessions; whoever does not wait changes nothing. Cut off by a crash, it goes on at the next start.',
      body: RotateKeysBody,
      response: { 200: RotationSchema, ...problems('validation_failed', 'rotation_pending', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => {
    const { newMasterKey, ...rotation } = await usecases.rotateKeys(request.body);
    request.auditNote = { detail: { dataKey: rotation.dataKey, resealed: rotation.resealed, ...newMasterKey !== null && { masterKey: newMasterKey } } };
    return { ...rotation, ...newMasterKey !== null && { newMasterKey } };
  });

  app.post('/encryption/finish', {
    config: { scope: 'admin', audit: 'encryption.finish' },
    schema: {
      summary: 'End a change of the master key', operationId: 'finishRotation', tags,
      description: 'When every node runs under the new master key: from then on the old one opens nothing. Harmless when there is nothing to end.',
      response: { 200: FinishSchema, ...problems('rotation_pending') },
    },
  }, async request => {
    const finished = await usecases.finishRotation();
    request.auditNote = { detail: { removed: finished.removedMasterKeys.length } };
    return finished;
  });
}
