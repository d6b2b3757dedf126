import { Type } from 'typebox';

const Fingerprint = Type.String({ description: 'Fingerprint of a master key: tells keys apart, and says nothing of the key.' });

export const EncryptionStatusSchema = Type.Object({
  keyFrom: Type.Union([Type.Literal('environment'), Type.Literal('file')], { description: 'Where the master key of this node comes from.' }),
  masterKey: Fingerprint,
  otherMasterKeys: Type.Array(Fingerprint, { description: 'Master keys that open everything as well: a change of the master key is under way.' }),
  activeDataKey: Type.Integer({ description: 'The data key that seals what is written now.' }),
  dataKeys: Type.Array(Type.Object({
    id: Type.Integer(),
    createdAt: Type.String({ format: 'date-time', description: 'When it was made; of one that is older than the master key, when that was changed.' }),
    retiredAt: Type.Optional(Type.String({ format: 'date-time', description: 'Since then nothing is sealed by it.' })),
  })),
});

export const RotateKeysBody = Type.Object({
  newMasterKey: Type.Optional(Type.String({ minLength: 43, maxLength: 64, description: '32 bytes in base64 or hex, e.g. from `openssl rand -base64 32`. Without it only the data key is changed.' })),
}, { additionalProperties: false, examples: [{ newMasterKey: 'XFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFw=' }] });

export const RotationSchema = Type.Object({
  dataKey: Type.Integer({ description: 'The new data key.' }),
  resealed: Type.Integer({ description: 'Values that were sealed anew.' }),
  newMasterKey: Type.Optional(Fingerprint),
  keyFileReplaced: Type.Boolean({ description: 'Whether the key file of the data directory holds the new master key now.' }),
  next: Type.Array(Type.String(), { description: 'What is left for you to do, in order.' }),
});

export const FinishSchema = Type.Object({ removedMasterKeys: Type.Array(Fingerprint, { description: 'Master keys that open nothing any more.' }) });
