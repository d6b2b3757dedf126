import { Type } from 'typebox';
import { ACTION_KINDS, STANDING_KINDS } from '../faults.js';

const strict = { additionalProperties: false };
const text = () => Type.String({ minLength: 1 });
const number = () => Type.String({ minLength: 1, maxLength: 40 });

export const NumberParams = Type.Object({ number: number() });
export const DeviceParams = Type.Object({ number: number(), device: Type.Integer({ minimum: 1 }) });

export const PhoneBody = Type.Object({ number: number(), name: Type.Optional(text()) }, strict);
export const ScanBody = Type.Object({ qr: text() }, strict);
export const PairingCodeBody = Type.Object({ code: text() }, strict);
export const ContactBody = Type.Object({ name: text() }, strict);

const media = Type.Optional(
  Type.Object(
    {
      base64: text(),
      mimetype: Type.Optional(text()),
      caption: Type.Optional(Type.String()),
      fileName: Type.Optional(text()),
      voice: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
);

const content = {
  text: Type.Optional(Type.String()),
  image: media,
  video: media,
  audio: media,
  document: media,
  sticker: media,
  location: Type.Optional(
    Type.Object(
      {
        latitude: Type.Number({ minimum: -90, maximum: 90 }),
        longitude: Type.Number({ minimum: -180, maximum: 180 }),
        name: Type.Optional(Type.String()),
        address: Type.Optional(Type.String()),
      },
      strict,
    ),
  ),
  contact: Type.Optional(Type.Object({ displayName: text(), vcard: text() }, strict)),
  reaction: Type.Optional(Type.Object({ messageId: text(), emoji: Type.String(), fromMe: Type.Optional(Type.Boolean()) }, strict)),
  message: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};
const messageId = Type.Optional(Type.String({ minLength: 1, maxLength: 128 }));

export const WriteBody = Type.Object(
  { to: number(), messageId, addressing: Type.Optional(Type.Union([Type.Literal('pn'), Type.Literal('lid')])), ...content },
  strict,
);

export const GroupParams = Type.Object({ jid: text() });
export const GroupBody = Type.Object({ subject: text(), members: Type.Array(number(), { minItems: 1, maxItems: 1024 }) }, strict);
export const GroupWriteBody = Type.Object({ from: number(), messageId, ...content }, strict);
export const MemberQuery = Type.Object({ member: number() });

export const ReceiptBody = Type.Object({ messageId: text(), type: Type.Union([Type.Literal('read'), Type.Literal('played')]) }, strict);

export const AutoReplyBody = Type.Object(
  { text: Type.Optional(text()), echo: Type.Optional(Type.Boolean()), read: Type.Optional(Type.Boolean()) },
  strict,
);

export const FaultBody = Type.Object(
  {
    kind: Type.Union([...ACTION_KINDS, ...STANDING_KINDS].map((kind) => Type.Literal(kind))),
    phone: Type.Optional(number()),
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    code: Type.Optional(Type.Integer({ minimum: 100, maximum: 999 })),
    ms: Type.Optional(Type.Integer({ minimum: 0 })),
    direction: Type.Optional(Type.Union([Type.Literal('to-client'), Type.Literal('from-client')])),
  },
  strict,
);

export const LogQuery = Type.Object({
  phone: Type.Optional(number()),
  socket: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1 })),
  event: Type.Optional(text()),
});
