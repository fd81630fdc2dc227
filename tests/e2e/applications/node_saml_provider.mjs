const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

const service = (metadata, name) =>
  metadata.match(new RegExp(`<[^<]*${name}[^>]*Binding="[^"]*HTTP-(?:Redirect|POST)"[^>]*Location="([^"]+)"`))?.[1];

/** What node-saml wants to be told of the identity provider whose metadata this is. */
export const provider = (metadata) => ({
  idpIssuer: metadata.match(/entityID="([^"]+)"/)[1],
  entryPoint: service(metadata, 'SingleSignOnService'),
  logoutUrl: service(metadata, 'SingleLogoutService'),
  idpCert: all(metadata, /X509Certificate>([^<]+)</g),
});
