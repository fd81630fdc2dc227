import { deflateRawSync } from 'node:zlib';
import { signIn } from '../lib/sign_in.mjs';
import { boardAdministered, boardOpened, settleBoard } from './openid_connect.mjs';
import { refused, sending, visitAll } from './visit.mjs';

const ISSUER = 'https://wiki.example/metadata';

const form = (name, more = {}) => ({
  name, entity_id: `https://${name.toLowerCase()}.example/metadata`, consumers: [{ address: `https://${name.toLowerCase()}.example/acs` }],
  attributes: [{ name: 'mail', source: 'email' }, { name: 'groups', source: 'groups' }], ...more,
});

/** Applications that a group has, one that asks for a fresh code, one that nobody has, one that is switched off. */
async function settle({ api, group }) {
  const make = async (name, more, has = true) => {
    const { id } = await api.do('POST', '/applications', form(name, more));
    if (has) await api.do('PUT', `/applications/${id}/groups/${group.id}`);
    return id;
  };
  const wiki = await make('Wiki', { description: 'What we know', log_out: { address: 'https://wiki.example/slo', binding: 'redirect' } });
  await api.do('POST', `/applications/${wiki}/certificates`);
  return {
    wiki,
    vault: await make('Vault', { description: 'Passwords of machines', fresh_code: 'every_time' }),
    payroll: await make('Payroll', { tile: 'hidden' }, false),
    old: await make('Intranet', { access: 'disabled' }),
  };
}

function request(world, id, issuer) {
  const at = new Date(world.clock.now * 1000).toISOString().replace(/\.\d+/, '');
  const place = `${world.server.url}/saml/${id}/sso`;
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" `
    + `ID="_${Math.random().toString(36).slice(2)}" Version="2.0" IssueInstant="${at}" Destination="${place}">`
    + `<saml:Issuer>${issuer}</saml:Issuer></samlp:AuthnRequest>`;
  return `/saml/${id}/sso?${new URLSearchParams({ SAMLRequest: deflateRawSync(xml).toString('base64') })}`;
}

const administered = ({ wiki, vault }, users) => [
  ['SSO Applications', '/admin/applications', undefined, { '1440 light': 'applications.png' }],
  ['Add application', '/admin/applications/new'],
  ['metadata that is none', '/admin/applications/new', refused('Read metadata', { 'Or paste it': '<html>' })],
  ['a template without an application', '/admin/applications/new', refused('Fill in', {})],
  ['a template, filled in', '/admin/applications/new', async (page) => {
    await page.getByLabel('Application', { exact: true }).selectOption('slack');
    await sending('Fill in', { 'Your own part': 'acme' })(page);
  }],
  ['an application by hand', '/admin/applications/new/by-hand'],
  ['an application with mistakes', '/admin/applications/new/by-hand', refused('Add application', {
    Name: '', 'Entity ID': 'a b', 'Assertion consumer services': 'http://wiki', Attributes: 'mail', 'Its certificates': 'none',
  })],
  ['an application', `/admin/applications/${wiki}`, undefined, { '1440 light': 'application.png' }],
  ['what an application would be told', `/admin/applications/${wiki}`, sending('Show', { 'E-mail or username': users.Alice.email })],
  ['what it would not be told', `/admin/applications/${vault}`, sending('Show', { 'E-mail or username': users.Zoe.email })],
  ['what it would be told of nobody', `/admin/applications/${wiki}`, refused('Show', { 'E-mail or username': 'nobody' })],
  ['the question before an application is deleted', `/admin/applications/${wiki}/delete`],
  ["a user's applications", `/admin/users/${users.Alice.id}/applications`],
  ['a user without applications', `/admin/users/${users.Zoe.id}/applications`],
];

const opened = (world, { wiki, vault, payroll, old }) => {
  // A request is fresh for five minutes: it is made when it is needed.
  const asking = (id, issuer) => (page) => page.goto(request(world, id, issuer));
  const vaultAsks = asking(vault, 'https://vault.example/metadata');
  return [
    ['Home with applications', '/', undefined, { '1440 light': 'portal-applications.png', '375 dark': 'portal-applications-375-dark.png' }],
    ['the way to an application', '/', asking(wiki, ISSUER), { '1440 light': 'forward.png' }],
    ['the question for a fresh code on the way', '/', vaultAsks],
    ['a wrong code on the way', '/', async (page) => {
      await vaultAsks(page);
      await refused('Verify', { Code: '00000' })(page);
    }],
    ['an application that somebody does not have', `/applications/${payroll}`],
    ['an application that is switched off', `/applications/${old}`],
    ['a request that is not right', '/', asking(wiki, 'https://evil.example/metadata')],
    ['a request that took too long', `/saml/${wiki}/continue?request=x`],
  ];
};

/** SSO applications in both portals, and the pages on the way to them. */
export async function applicationPages(t, scene) {
  const { world, ada, users } = scene;
  const settled = await settle(scene);
  const board = await settleBoard(scene);
  const admin = await world.window();
  await signIn(Object.assign(ada, { page: admin.page }));
  await visitAll(t, admin, [...administered(settled, users), ...boardAdministered(board, users)]);
  const user = await world.window();
  await signIn(Object.assign(users.Alice.person, { page: user.page }));
  // What goes on by itself would leave before anybody has looked.
  await user.context.route('**/forward*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await visitAll(t, user, [...opened(world, settled), ...boardOpened(board)]);
}

export const NO_APPLICATIONS = [
  ['SSO Applications without applications', '/admin/applications'],
];
