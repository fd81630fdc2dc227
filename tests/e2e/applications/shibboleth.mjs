import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Apache } from './apache.mjs';
import { keyPair } from './key_pair.mjs';
import { Program } from './programs.mjs';

const ATTRIBUTES = `<Attributes xmlns="urn:mace:shibboleth:2.0:attribute-map" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Attribute name="email" nameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" id="email"/>
  <Attribute name="groups" nameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" id="groups"/>
  <Attribute name="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" id="name">
    <AttributeDecoder xsi:type="NameIDAttributeDecoder" formatter="$Name"/>
  </Attribute>
</Attributes>
`;

const logger = (file) => `log4j.rootCategory=WARN, file
log4j.appender.file=org.apache.log4j.FileAppender
log4j.appender.file.fileName=${file}
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=%d{%Y-%m-%d %H:%M:%S} %p %c: %m%n
`;

const settings = (folder, { url, provider, follows, key, certificate }) => `<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="60">
  <OutOfProcess logger="${folder}/shibd.logger"/>
  <InProcess logger="${folder}/native.logger"/>
  <UnixListener address="${folder}/shibd.sock"/>
  <ApplicationDefaults entityID="${url}/shibboleth" REMOTE_USER="name" signing="true">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" consistentAddress="false"
              handlerSSL="false" cookieProps="https" redirectLimit="exact">
      <SSO entityID="${provider}">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
      <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
    </Sessions>
    ${follows
    ? `<MetadataProvider type="XML" url="${provider}" backingFilePath="${folder}/followed.xml" minRefreshDelay="1" maxRefreshDelay="1"/>`
    : `<MetadataProvider type="XML" path="${folder}/idp.xml"/>`}
    <AttributeExtractor type="XML" path="${folder}/attributes.xml"/>
    <CredentialResolver type="File" key="${key}" certificate="${certificate}"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" path="security-policy.xml"/>
  <ProtocolProvider type="XML" path="protocols.xml"/>
</SPConfig>
`;

const directives = (folder) => `
ShibConfig ${folder}/shibboleth2.xml
<Location /private>
  AuthType shibboleth
  ShibRequestSetting requireSession true
  Require shib-session
</Location>
`;

/** Apache with mod_shib and its daemon (OpenSAML). Its metadata is what it makes of itself. */
export class Shibboleth {
  name = 'mod_shib';
  names = 'email';
  metadataPath = '/Shibboleth.sso/Metadata';
  signOutPath = '/Shibboleth.sso/Logout?return=/';
  #daemon = null;

  constructor(folder, port, environment) {
    Object.assign(this, { folder, environment });
    this.apache = new Apache(folder, port, environment);
    this.url = this.apache.url;
    this.startPage = `${this.url}/private/reports/`;
    this.keys = keyPair(folder, 'sp');
    this.apache.write({ modules: ['shib'], directives: directives(folder), variables: { name: 'name', email: 'email', groups: 'groups' } });
    writeFileSync(join(folder, 'attributes.xml'), ATTRIBUTES);
    for (const half of ['shibd', 'native']) writeFileSync(join(folder, `${half}.logger`), logger(join(folder, `${half}.log`)));
  }

  /** Starts it as one that knows this identity provider; one that `follows` asks for its metadata every second. */
  async start(metadata, { follows = false } = {}) {
    const [, provider] = metadata.match(/entityID="([^"]+)"/);
    writeFileSync(join(this.folder, 'idp.xml'), metadata);
    const file = join(this.folder, 'shibboleth2.xml');
    writeFileSync(file, settings(this.folder, { url: this.url, provider, follows, ...this.keys }));
    this.#daemon = new Program('/usr/sbin/shibd', ['-F', '-f', '-c', file, '-p', join(this.folder, 'shibd.pid')], this.environment);
    await this.#daemon.until('the start of shibd', () => existsSync(join(this.folder, 'shibd.sock')));
    await this.apache.start();
  }

  get said() {
    const logs = ['shibd.log', 'native.log'].map((name) => join(this.folder, name)).filter((file) => existsSync(file));
    return [this.#daemon?.said, ...logs.map((file) => readFileSync(file, 'utf8')), this.apache.said].join('\n');
  }

  async stop() {
    await this.apache.stop();
    await this.#daemon?.stop();
  }
}
