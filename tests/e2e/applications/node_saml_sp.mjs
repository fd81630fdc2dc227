// A service provider with @node-saml/node-saml: `node_saml_sp.mjs FOLDER PORT`; the folder has idp.xml, sp.key and sp.crt.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { SAML } from '@node-saml/node-saml';
import { provider } from './node_saml_provider.mjs';

const COOKIE = 'node_saml_session';
const [, , folder, port] = process.argv;
const url = `http://127.0.0.1:${port}`;
const [key, certificate] = ['sp.key', 'sp.crt'].map((name) => readFileSync(join(folder, name), 'utf8'));
const settings = {
  ...provider(readFileSync(join(folder, 'idp.xml'), 'utf8')),
  issuer: `${url}/metadata`,
  callbackUrl: `${url}/acs`,
  logoutCallbackUrl: `${url}/slo`,
  audience: `${url}/metadata`,
  privateKey: key,
  publicCert: certificate,
  signatureAlgorithm: 'sha256',
  digestAlgorithm: 'sha256',
  signMetadata: false,
  identifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  disableRequestedAuthnContext: true,
  wantAssertionsSigned: true,
  wantAuthnResponseSigned: true,
  validateInResponseTo: 'ifPresent',
};
const saml = new SAML(settings);
// What it can wish of the sign-in; answers to all of them come to one place.
const wishing = (wish) => new SAML({ ...settings, cacheProvider: saml.cacheProvider, ...wish });
const WISHES = { '/anew': wishing({ forceAuthn: true }), '/quietly': wishing({ passive: true }) };
const sessions = new Map();

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const page = (path, { nameID, attributes }) => `<!doctype html><title>Signed in</title>
<h1>Signed in</h1>
<p id="path">${escaped(path)}</p>
<p id="name">${escaped(nameID)}</p>
<p id="email">${escaped([attributes.email ?? []].flat().join(','))}</p>
<p id="groups">${escaped([attributes.groups ?? []].flat().join(','))}</p>
`;
const within = (target) => (target?.startsWith('/') && !target.startsWith('//') ? target : '/private/');
const go = (location, headers = {}) => ({ status: 303, headers: { location, ...headers } });
const show = (body, type = 'text/html; charset=utf-8') => ({ status: 200, headers: { 'content-type': type }, body });

async function signedIn({ form }) {
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: form.get('SAMLResponse') });
  // Nobody was asked, and nobody is signed in.
  if (!profile) return go('/');
  const id = randomBytes(18).toString('base64url');
  sessions.set(id, profile);
  // Many sites lead on to another host of theirs.
  const onward = `http://localhost:${port}/onward?${new URLSearchParams({ to: within(form.get('RelayState')) })}`;
  return go(onward, { 'set-cookie': `${COOKIE}=${id}; Path=/; HttpOnly` });
}

/** A message about a log-out: in the fields of a form, or in the address. */
async function message({ form, query, text }) {
  const field = (name) => ({ [name]: form.get(name) });
  if (form.has('SAMLRequest')) return saml.validatePostRequestAsync(field('SAMLRequest'));
  if (form.has('SAMLResponse')) return saml.validatePostResponseAsync(field('SAMLResponse'));
  return saml.validateRedirectAsync(Object.fromEntries(query), text);
}

async function logOut(request) {
  const { profile, loggedOut } = await message(request);
  const state = request.form.get('RelayState') ?? request.query.get('RelayState');
  if (!profile) return go(loggedOut ? '/' : '/failed');
  for (const [id, known] of sessions) if (known.nameID === profile.nameID) sessions.delete(id);
  return go(await saml.getLogoutResponseUrlAsync(profile, state, {}, true));
}

async function signOut({ id, session }) {
  sessions.delete(id);
  return go(session ? await saml.getLogoutUrlAsync(session, '', {}) : '/');
}

async function answer(request) {
  const { path, query, session, target } = request;
  if (path === '/favicon.ico') return { status: 204, headers: {} };
  if (path === '/metadata') return show(saml.generateServiceProviderMetadata(null, certificate), 'application/samlmetadata+xml');
  if (path === '/acs') return signedIn(request);
  if (path === '/onward') return go(`${url}${within(query.get('to'))}`);
  if (path === '/slo') return logOut(request);
  if (path === '/sign-out') return signOut(request);
  if (path in WISHES) return go(await WISHES[path].getAuthorizeUrlAsync('/private/', undefined, {}));
  if (!path.startsWith('/private')) return show('<!doctype html><title>Outside</title><h1>Outside</h1>');
  return session ? show(page(path, session)) : go(await saml.getAuthorizeUrlAsync(target, undefined, {}));
}

async function read(request) {
  const { pathname, searchParams, search } = new URL(request.url, url);
  const parts = [];
  for await (const part of request) parts.push(part);
  const id = request.headers.cookie?.match(new RegExp(`${COOKIE}=([^;]+)`))?.[1];
  const form = new URLSearchParams(Buffer.concat(parts).toString());
  return { target: request.url, path: pathname, query: searchParams, text: search.slice(1), form, id, session: sessions.get(id) };
}

createServer(async (request, response) => {
  let answered;
  try {
    answered = await answer(await read(request));
  } catch (error) {
    answered = { status: 400, headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<h1>Refused</h1><pre>${escaped(error.stack)}</pre>` };
  }
  response.writeHead(answered.status, answered.headers).end(answered.body);
}).listen(Number(port), '127.0.0.1');
