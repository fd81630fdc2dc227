import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enrollQuickly, registerQuickly, setUpMailQuickly, setUpQuickly } from '../lib/seed.mjs';
import { samlPython } from './environment.mjs';
import { Validator } from './validator.mjs';
import { formFrom, request } from './without_screen.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const SIGNED = ['both', 'assertion', 'response'];
const NAMES = ['email', 'username', 'persistent', 'transient'];
/** What XML, HTML and canonicalization may trip over. */
const PEOPLE = [
  ['Alice', 'Example'], ['Zoë', 'O’Brien-Núñez'], ['"Quo\'te"', '<b>&amp;</b>'], [']]>', '<!-- x -->'],
  ['日本', '太郎 𠮷'], ['e\u0301', 'ﬁ &#13; &lt;'], ['مرحبا', 'שלום'], ['a', 'z'.repeat(60)],
];
const CONSTANT = 'a & b < c > d " e \' f ]]> g &#10; 😀';

async function person(world, api, place) {
  const [first, last] = PEOPLE[place];
  const [username, email] = [`u${place}`, `u${place}@acme.test`];
  const { id } = await api.do('POST', '/users', {
    username, email, first_name: first, last_name: last, activate: true, mfa: { enrollment_days: 7 },
  });
  const user = await registerQuickly(world, { email });
  await enrollQuickly(user);
  return Object.assign(user, { id, username, first, last });
}

async function application(world, api, group, [signed, name]) {
  const consumer = `http://127.0.0.1:9/${signed}/${name}/acs?of=${name}`;
  const entityId = `http://127.0.0.1:9/${signed}/${name}`;
  const of = (label, source, constant) => ({ name: label, source, ...(constant && { constant }) });
  const { id } = await api.do('POST', '/applications', {
    name: `${signed} ${name}`, entity_id: entityId, consumers: [{ address: consumer }], signed, name_id: name,
    attributes: [of('email', 'email'), of('urn:oid:2.5.4.42', 'first_name'), of('last', 'last_name'), of('groups', 'groups'), of('constant', 'constant', CONSTANT)],
  });
  await api.do('PUT', `/applications/${id}/groups/${group.id}`);
  const metadata = await (await fetch(`${world.server.url}/saml/${id}/metadata`)).text();
  return { id, consumer, entityId, signed, name, metadata, endpoint: `${world.server.url}/saml/${id}/sso` };
}

/** People with odd names, and an application for each way to sign and to name. */
export async function prepare(world) {
  const ada = await setUpQuickly(world);
  await ada.visitor.post('/admin/mfa/totp/enable', {});
  await setUpMailQuickly(ada, world.mailbox.port);
  const api = await world.api(ada.email);
  const group = await api.do('POST', '/groups', { name: 'R&D <"Staff">' });
  const people = [];
  for (const place of PEOPLE.keys()) people.push(await person(world, api, place));
  for (const { id } of people) await api.do('PUT', `/groups/${group.id}/users/${id}`);
  const applications = [];
  for (const signed of SIGNED) for (const name of NAMES) applications.push(await application(world, api, group, [signed, name]));
  return { people, applications, group };
}

/** A response of the server to a person at an application: asked for there, or begun at the tile. */
async function response(world, user, one, number) {
  const asked = number % 2 === 0 ? `_r${number}` : null;
  const at = { entityId: one.entityId, endpoint: one.endpoint, at: world.clock.now };
  const { action, fields } = await formFrom(user.visitor, asked ? request(asked, at) : `/applications/${one.id}`);
  assert.equal(action, one.consumer);
  const { metadata, entityId, consumer, signed } = one;
  return { metadata, entity_id: entityId, consumer, signed, request: asked, response: Object.fromEntries(fields).SAMLResponse };
}

const NAMED = {
  email: (user, name) => name === user.email,
  username: (user, name) => name === user.username,
  persistent: (_, name) => /^[A-Z2-7]{32}$/.test(name),
  transient: (_, name) => name.length >= 20,
};

function assertTold({ user, one, group, asked }, judged) {
  const expected = { email: [user.email], 'urn:oid:2.5.4.42': [user.first], last: [user.last], groups: [group.name], constant: [CONSTANT] };
  for (const [library, said] of judged) {
    const what = `${library}, ${one.signed} ${one.name}, ${user.username}`;
    assert.equal(said.wrong, undefined, what);
    assert.ok(NAMED[one.name](user, said.name), `${what}: ${said.name}`);
    assert.deepEqual(said.attributes, expected, what);
    if (said.inResponseTo !== undefined) assert.equal(said.inResponseTo, asked, what);
  }
  assert.equal(new Set(judged.map(([, said]) => said.name)).size, 1, 'the libraries read different names');
}

/** The same with another person's address in it, which nobody signed. */
function forged({ response: sent, ...others }) {
  const text = Buffer.from(sent, 'base64').toString();
  const changed = text.replaceAll('acme.test', 'evil.test');
  assert.notEqual(changed, text);
  return { ...others, response: Buffer.from(changed).toString('base64') };
}

async function assertForgeryIsSeen(world, [user], applications, libraries) {
  for (const one of applications) {
    const made = forged(await response(world, user, one, -1));
    for (const library of libraries) assert.match((await library.judge(made)).wrong, /signature/i, library.name);
  }
}

/** Has so many responses made by the server and judged by two libraries, one stream a person. */
export async function judgeMany(world, { people, applications, group }, count) {
  const libraries = [
    new Validator('python3-saml', samlPython, ['-B', join(HERE, 'validate.py')]),
    new Validator('node-saml', process.execPath, [join(HERE, 'validate.mjs')]),
  ];
  let next = 0;
  const stream = async (user) => {
    while (next < count) {
      const number = next;
      next += 1;
      const one = applications[Math.floor(number / 2) % applications.length];
      const made = await response(world, user, one, number);
      const judged = await Promise.all(libraries.map(async (library) => [library.name, await library.judge(made)]));
      assertTold({ user, one, group, asked: made.request }, judged);
    }
  };
  try {
    await assertForgeryIsSeen(world, people, applications, libraries);
    await Promise.all(people.map(stream));
  } finally {
    for (const library of libraries) library.close();
  }
  return next;
}
