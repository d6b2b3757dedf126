import type {
  ICredentialDataDecryptedObject, ICredentialsHelper, IHttpRequestOptions, INode, IWorkflowExecuteAdditionalData, Workflow,
} from 'n8n-workflow';
import type { Pack } from './pack.js';

export interface GatewayAccess {
  baseUrl: string;
  apiKey: string;
}

/** What n8n's server gives its engine, as far as these nodes need it: one credential, and addresses of n8n. */
export function additionalData(pack: Pack, access: GatewayAccess, n8nUrl = 'http://127.0.0.1:5678'): IWorkflowExecuteAdditionalData {
  const data: Partial<IWorkflowExecuteAdditionalData> = {
    credentialsHelper: credentialsHelper(pack, access),
    currentNodeExecutionIndex: 0,
    restApiUrl: `${n8nUrl}/rest`,
    instanceBaseUrl: n8nUrl,
    webhookBaseUrl: `${n8nUrl}/webhook`,
    webhookTestBaseUrl: `${n8nUrl}/webhook-test`,
    webhookWaitingBaseUrl: `${n8nUrl}/webhook-waiting`,
    formBaseUrl: `${n8nUrl}/form`,
    formTestBaseUrl: `${n8nUrl}/form-test`,
    formWaitingBaseUrl: `${n8nUrl}/form-waiting`,
    variables: {},
  };
  return data as IWorkflowExecuteAdditionalData;
}

/** Applies the pack's own credential, as n8n does it. */
function credentialsHelper(pack: Pack, access: GatewayAccess): ICredentialsHelper {
  const helper: Partial<ICredentialsHelper> = {
    getParentTypes: () => [],
    isCredentialUsableByNode: () => true,
    preAuthentication: async () => undefined,
    getDecrypted: async () => ({ ...access }),
    authenticate: async (credentials, _type, request) => {
      const { authenticate } = pack.credential;
      if (typeof authenticate !== 'function') throw new Error('The credential authenticates by a function: without an execution n8n evaluates no expression');
      return await authenticate(credentials, request as IHttpRequestOptions);
    },
  };
  return helper as ICredentialsHelper;
}

/** An expression of the credential, e.g. `={{$credentials.apiKey}}`, with the values typed in. */
export function resolve(template: string, credentials: ICredentialDataDecryptedObject, workflow: Workflow, node: INode): string {
  return String(workflow.expression.getSimpleParameterValue(node, template, 'internal', { $credentials: credentials }, undefined, ''));
}
