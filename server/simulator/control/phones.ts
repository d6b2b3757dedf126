import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { SimulatorControls } from '../controls.js';
import { DeviceParams, NumberParams, PairingCodeBody, PhoneBody, ScanBody, WriteBody } from './schemas.js';

/** Phones: the accounts that scan and own linked devices. */
export function addPhoneRoutes(base: FastifyInstance, { phones, contacts }: SimulatorControls): void {
  const app = base.withTypeProvider<TypeBoxTypeProvider>();

  app.post('/phones', { schema: { body: PhoneBody } }, ({ body }, reply) => reply.status(201).send(phones.add(body.number, body.name)));
  app.get('/phones', () => ({ phones: phones.list() }));
  app.get('/phones/:number', { schema: { params: NumberParams } }, ({ params }) => phones.get(params.number));
  app.post('/phones/:number/scan', { schema: { params: NumberParams, body: ScanBody } }, ({ params, body }) =>
    phones.scan(params.number, body.qr),
  );
  app.post('/phones/:number/pairing-code', { schema: { params: NumberParams, body: PairingCodeBody } }, ({ params, body }) =>
    phones.enterPairingCode(params.number, body.code),
  );
  app.delete('/phones/:number/devices/:device', { schema: { params: DeviceParams } }, ({ params }) => ({
    unlinked: phones.unlink(params.number, params.device),
  }));
  app.delete('/phones/:number/devices', { schema: { params: NumberParams } }, ({ params }) => ({ unlinked: phones.unlink(params.number) }));

  app.post('/phones/:number/messages', { schema: { params: NumberParams, body: WriteBody } }, async ({ params, body }, reply) =>
    reply.status(201).send(await contacts.writeFromPhone(params.number, body)),
  );
  app.get('/phones/:number/messages', { schema: { params: NumberParams } }, ({ params }) => contacts.seenByPhone(params.number));
}
