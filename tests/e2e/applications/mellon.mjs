import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Apache } from './apache.mjs';
import { keyPair } from './key_pair.mjs';

const directives = (folder, { key, certificate }) => `
<Location />
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSPPrivateKeyFile ${key}
  MellonSPCertFile ${certificate}
  MellonIdPMetadataFile ${folder}/idp.xml
  MellonSecureCookie On
  MellonMergeEnvVars On ","
</Location>
<Location /private>
  AuthType Mellon
  MellonEnable auth
  Require valid-user
</Location>
`;

/** Apache with mod_auth_mellon (Lasso). Its metadata is what it makes of itself. */
export class Mellon {
  name = 'mod_auth_mellon';
  /** Its metadata asks for another name each time. */
  names = 'transient';
  /** It shows values as they stand in the XML. */
  group = 'R&amp;D &lt;Staff&gt;';
  metadataPath = '/mellon/metadata';
  signOutPath = '/mellon/logout?ReturnTo=/';

  constructor(folder, port, environment) {
    this.folder = folder;
    this.apache = new Apache(folder, port, environment);
    this.url = this.apache.url;
    this.startPage = `${this.url}/private/reports/`;
    this.apache.write({
      modules: ['auth_mellon'],
      directives: directives(folder, keyPair(folder, 'sp')),
      variables: { name: 'MELLON_NAME_ID', email: 'MELLON_email', groups: 'MELLON_groups' },
    });
  }

  /** Starts it as one that knows this identity provider. */
  async start(metadata) {
    writeFileSync(join(this.folder, 'idp.xml'), metadata);
    await this.apache.start();
  }

  get said() {
    return this.apache.said;
  }

  stop() {
    return this.apache.stop();
  }
}
