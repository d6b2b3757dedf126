import type { ICredentialDataDecryptedObject, ICredentialTestRequest, ICredentialType, Icon, IHttpRequestOptions, INodeProperties } from 'n8n-workflow';

/** Address and key of one Chasqui gateway. */
export class ChasquiApi implements ICredentialType {
  name = 'chasquiApi';

  displayName = 'Chasqui API';

  documentationUrl = 'https://github.com/chasqui-gateway/n8n-nodes-chasqui#credentials';

  icon: Icon = { light: 'file:../icons/chasqui.svg', dark: 'file:../icons/chasqui.dark.svg' };

  properties: INodeProperties[] = [
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      default: 'http://127.0.0.1:3000',
      required: true,
      placeholder: 'e.g. http://127.0.0.1:3000',
      description:
        'Address of the Chasqui gateway as n8n can reach it. If n8n runs in Docker, 127.0.0.1 is the n8n container itself: use the name of the gateway service or host.docker.internal.',
    },
    {
      displayName: 'API Key',
      name: 'apiKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description:
        'A key with the scopes instances:read, messages:send, messages:read and webhooks:write (POST /keys makes one), or the one that the gateway prints at its first start or was given as CHASQUI_API_KEY',
    },
  ];

  /** In code, not as an expression: the trigger looks after its webhook between executions, where n8n evaluates none. */
  async authenticate(credentials: ICredentialDataDecryptedObject, request: IHttpRequestOptions): Promise<IHttpRequestOptions> {
    return { ...request, headers: { ...request.headers, 'X-API-Key': String(credentials.apiKey) } };
  }

  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl.replace(/\\/+$/, "")}}', url: '/instances' },
    rules: [
      {
        type: 'responseCode',
        properties: {
          value: 401,
          message: 'The gateway does not know this API key. Enter the one that it printed at its first start, or the one it was given as CHASQUI_API_KEY.',
        },
      },
      {
        type: 'responseCode',
        properties: {
          value: 403,
          message: 'The gateway knows this API key, but it must not list instances. Give it the scopes instances:read, messages:send, messages:read and webhooks:write.',
        },
      },
    ],
  };
}
