// Validates responses with node-saml, with the same lines in and out as validate.py.
import { createInterface } from 'node:readline';
import { SAML } from '@node-saml/node-saml';
import { provider } from './node_saml_provider.mjs';

const known = new Map();

function validator({ metadata, entity_id: entityId, consumer, signed }) {
  const key = [metadata, entityId, consumer, signed].join('\n');
  if (!known.has(key)) {
    known.set(key, new SAML({
      ...provider(metadata),
      issuer: entityId,
      audience: entityId,
      callbackUrl: consumer,
      wantAssertionsSigned: signed !== 'response',
      wantAuthnResponseSigned: signed !== 'assertion',
      validateInResponseTo: 'never',
    }));
  }
  return known.get(key);
}

async function validated(one) {
  try {
    const { profile } = await validator(one).validatePostResponseAsync({ SAMLResponse: one.response });
    const attributes = Object.entries(profile.attributes).map(([name, values]) => [name, [values].flat()]);
    return { name: profile.nameID, inResponseTo: profile.inResponseTo ?? null, attributes: Object.fromEntries(attributes) };
  } catch (error) {
    return { wrong: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await validated(JSON.parse(line)))}\n`);
}
