import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Apache } from '../applications/apache.mjs';
import { samlPython } from '../applications/environment.mjs';
import { Program } from '../applications/programs.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

const directives = (url, { issuer, id, secret }) => `
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${id}
OIDCClientSecret ${secret}
OIDCRedirectURI ${url}/private/callback
OIDCDefaultURL ${url}/private/
OIDCDefaultLoggedOutURL ${url}/
OIDCCryptoPassphrase ${'x'.repeat(32)}
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCPassClaimsAs environment
OIDCUserInfoRefreshInterval 1
<Location /private>
  AuthType openid-connect
  Require valid-user
</Location>
`;

/** Apache with mod_auth_openidc. */
export class ModAuthOpenidc {
  name = 'mod_auth_openidc';
  callbackPath = '/private/callback';
  loggedOutPath = '/';

  constructor(folder, port, environment) {
    this.apache = new Apache(folder, port, environment);
    this.url = this.apache.url;
    this.signOutPath = `/private/callback?logout=${encodeURIComponent(`${this.url}/`)}`;
  }

  async start(client) {
    this.apache.write({
      modules: ['auth_openidc'],
      directives: directives(this.url, client),
      variables: { name: 'OIDC_CLAIM_amr', email: 'OIDC_CLAIM_email', groups: 'OIDC_CLAIM_groups' },
    });
    await this.apache.start();
  }

  get said() {
    return this.apache.said;
  }

  stop() {
    return this.apache.stop();
  }
}

/** A script of ours around Authlib. */
export class Authlib {
  name = 'Authlib';
  callbackPath = '/acs';
  loggedOutPath = '/slo';
  signOutPath = '/sign-out';
  #program = null;

  constructor(folder, port, environment) {
    Object.assign(this, { folder, port, environment, url: `http://127.0.0.1:${port}` });
  }

  async start(client) {
    writeFileSync(join(this.folder, 'client.json'), JSON.stringify(client));
    const words = ['-B', join(HERE, 'authlib_rp.py'), this.folder, String(this.port)];
    // It takes plain http from nobody but a test.
    const environment = { ...this.environment, PYTHONPATH: join(HERE, '../applications'), AUTHLIB_INSECURE_TRANSPORT: '1' };
    this.#program = new Program(samlPython, words, environment);
    await this.#program.until('the start of Authlib', async () => (await fetch(`${this.url}/`)).ok);
  }

  get said() {
    return this.#program?.said ?? '';
  }

  async stop() {
    await this.#program?.stop();
  }
}
