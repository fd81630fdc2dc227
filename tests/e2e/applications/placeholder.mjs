import { readFileSync } from 'node:fs';
import { keyPair } from './key_pair.mjs';

const KINDS = ['Redirect', 'POST'];

/** Metadata of an identity provider that is nowhere: some service providers don't start without any. */
export function placeholder(folder) {
  const certificate = readFileSync(keyPair(folder, 'nowhere').certificate, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const services = (name) => KINDS.map((kind) =>
    `<${name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-${kind}" Location="http://localhost:9/${name}"/>`).join('');
  return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="http://localhost:9/nowhere">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${certificate}</X509Certificate></X509Data></KeyInfo>
</KeyDescriptor>${services('SingleLogoutService')}${services('SingleSignOnService')}</IDPSSODescriptor></EntityDescriptor>`;
}
