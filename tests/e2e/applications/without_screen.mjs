import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { Visitor, decode } from '../lib/visitor.mjs';

const MOST_STEPS = 8;

/** The form on a page that sends the browser on. */
export function formIn({ html }) {
  const action = html.match(/<form method="post" action="([^"]+)" data-forward>/);
  assert.ok(action, `no form that sends on: ${html.slice(0, 1_500)}`);
  const fields = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
  return { action: decode(action[1]), fields: fields.map(([, name, value]) => [name, decode(value)]) };
}

/** Follows redirects within a site, and gives the answer that leads nowhere or elsewhere. */
async function followed(visitor, first) {
  let answer = first;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const to = answer.headers.get('location');
    if (!to || !new URL(to, visitor.url).href.startsWith(`${visitor.url}/`)) return answer;
    answer = await visitor.get(to);
  }
  return assert.fail(`more than ${MOST_STEPS} redirects`);
}

/** The form that takes whoever is signed in from an address of ours to the application. */
export async function formFrom(visitor, path) {
  const answer = await followed(visitor, await visitor.get(path));
  assert.equal(answer.status, 200, `${answer.status} at ${answer.headers.get('location') ?? path}: ${answer.html.slice(0, 1_500)}`);
  return formIn(answer);
}

/** The address that brings a request of a provider which signs nothing. */
export function request(id, { entityId, endpoint, at }) {
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" \
ID="${id}" Version="2.0" IssueInstant="${new Date(at * 1000).toISOString()}" Destination="${endpoint}"><saml:Issuer>${entityId}</saml:Issuer></samlp:AuthnRequest>`;
  const query = new URLSearchParams({ SAMLRequest: deflateRawSync(xml).toString('base64'), RelayState: '/private/' });
  return `${endpoint}?${query}`;
}

/** Signs in at a provider as a browser would that comes for the first time, and gives the page that it ends on. */
export async function signInAt(provider, portal, path, secrets) {
  const there = new Visitor(provider.url, secrets);
  const asked = await followed(there, await there.get(path));
  const { action, fields } = await formFrom(portal, asked.headers.get('location'));
  return followed(there, await there.post(action, fields));
}
