import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams, Ref } from '../schemas/common.js';
import { ConnectResultSchema, InstanceSchema, InstanceStatusSchema, PairingCodeRequest, PairingCodeSchema } from '../schemas/instance.js';
import { problems } from '../schemas/problem.js';
import { viewConnectResult, viewInstance, viewStatus } from '../views/instance.js';
import { iso } from '../views/time.js';

const tags = ['Connection'];
const missing = problems('validation_failed', 'instance_not_found');

/** The connection of an instance; the QR code has routes of its own. */
export function connectionRoutes(app: App, { usecases }: { usecases: GatewayUseCases }): void {
  app.post('/instances/:instanceId/connect', {
    config: { scope: 'instances:write', audit: 'instance.connect' },
    schema: {
      summary: 'Connect', operationId: 'connectInstance', tags,
      description: 'Connects, or shows a QR code where no account is linked. Answers within 5 s with where it has got to. An instance that is connected is left as it is.',
      params: InstanceParams, response: { 200: Ref(ConnectResultSchema), ...missing },
    },
  }, async request => viewConnectResult(await usecases.connectInstance(request.params.instanceId)));

  app.post('/instances/:instanceId/restart', {
    config: { scope: 'instances:write', audit: 'instance.restart' },
    schema: {
      summary: 'Restart the connection', operationId: 'restartInstance', tags,
      description: 'Closes the connection and makes a new one with the same session.',
      params: InstanceParams, response: { 200: Ref(ConnectResultSchema), ...missing },
    },
  }, async request => viewConnectResult(await usecases.restartInstance(request.params.instanceId)));

  app.post('/instances/:instanceId/pairing-code', {
    config: { scope: 'instances:write', audit: 'instance.request_pairing_code' },
    schema: {
      summary: 'Ask for a pairing code', operationId: 'requestPairingCode', tags,
      description: 'Links by a code that is typed on the phone, instead of a QR code.',
      params: InstanceParams, body: PairingCodeRequest,
      response: { 200: PairingCodeSchema, ...problems('validation_failed', 'recipient_invalid', 'instance_not_found', 'already_connected', 'pairing_failed', 'whatsapp_unavailable', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => {
    const { code, expiresAt } = await usecases.requestPairingCode(request.params.instanceId, request.body.phoneNumber);
    return { code, expiresAt: iso(expiresAt) };
  });

  app.get('/instances/:instanceId/status', {
    config: { scope: 'instances:read' },
    schema: {
      summary: 'Get the state of the connection', operationId: 'getInstanceStatus', tags,
      description: 'The state, why it is so, what to do about it, and what waits in the send queue.',
      params: InstanceParams, response: { 200: InstanceStatusSchema, ...missing },
    },
  }, async request => {
    const { instanceId } = request.params;
    const view = await usecases.getInstance(instanceId);
    return { ...viewStatus(view), queue: await usecases.queueCounts(instanceId) };
  });

  app.post('/instances/:instanceId/disconnect', {
    config: { scope: 'instances:write', audit: 'instance.disconnect' },
    schema: {
      summary: 'Disconnect', operationId: 'disconnectInstance', tags,
      description: 'Closes the connection and keeps the session: connecting again needs no new scan.',
      params: InstanceParams, response: { 200: Ref(InstanceSchema), ...missing },
    },
  }, async request => viewInstance(await usecases.disconnectInstance(request.params.instanceId)));

  app.post('/instances/:instanceId/logout', {
    config: { scope: 'instances:write', audit: 'instance.logout' },
    schema: {
      summary: 'Log out', operationId: 'logoutInstance', tags,
      description: 'Unlinks the device at WhatsApp and deletes the session: connecting again needs a new scan. One that is not connected at that moment stays listed on the phone: remove it there.',
      params: InstanceParams, response: { 200: Ref(InstanceSchema), ...missing },
    },
  }, async request => viewInstance(await usecases.logoutInstance(request.params.instanceId)));
}
