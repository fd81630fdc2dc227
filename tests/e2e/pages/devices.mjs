import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Device } from '../lib/device.mjs';
import { codeAt } from '../lib/otp.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { order, orderedPages } from './orders.mjs';
import { opening, refused, sending, visitAll } from './visit.mjs';

const IN_FORCE = { mfa: 'in_force' };
const BLOCKED = { mfa: 'blocked', why: 'ssh_refused' };
const BOUND = ['Alice', 'Bruno', 'Chiara', 'Farid', 'Xenia'];

function sshKey(comment) {
  const folder = mkdtempSync(join(tmpdir(), 'ssh-key-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', join(folder, 'key')]);
    return readFileSync(join(folder, 'key.pub'), 'utf8').trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const login = (sequence, user, at, kind, more = {}) => ({
  sequence, at: at * 1e6, user, place: { service: 'sshd', from: '203.0.113.9' }, what: { kind, ...more },
});

/** Six devices in every status, a group of them, a key, and people who are bound. */
async function settle({ world, users, group, api }) {
  const { clock } = world;
  const web = await api.do('POST', '/device-groups', { name: 'Web servers', description: 'What customers see' });
  await api.do('PUT', `/device-groups/${web.id}/groups/${group.id}`, { sudo: 'with_password' });
  const key = await api.do('POST', '/connect-keys', { name: 'web servers', uses: 20, expires_in_days: 30, device_group: web.id });
  world.secrets.add('connect key', key.secret);
  const enroll = (hostname, system, platform) => Device.enroll(world.server.url, key.secret, { hostname, system, platform });
  const devices = {};
  const names = [['web-1'], ['web-2'], ['db-1', 'Ubuntu 24.04 LTS'], ['build-1', 'Fedora Linux 41'], ['kiosk-1'], ['laptop-ada', 'macOS 15.5', 'macos']];
  for (const [hostname, system, platform] of names) devices[hostname] = await enroll(hostname, system, platform);
  const of = (name) => devices[name].id;
  for (const first of BOUND) await api.do('PUT', `/devices/${of('web-1')}/users/${users[first].id}`, { sudo: first === 'Alice' ? 'without_password' : 'none' });
  await api.do('POST', `/users/${users.Alice.id}/ssh-keys`, { key: sshKey('alice@laptop') });
  const on = { enabled: true, ssh_first_factors: 'password' };
  await devices['laptop-ada'].report({ mfa: 'off' }, { clock, sshServer: 'missing' });
  clock.advance({ hours: 30 });
  for (const name of ['web-1', 'web-2', 'db-1']) await api.do('PUT', `/devices/${of(name)}/mfa`, on);
  const { Alice: alice, Bruno: bruno, Farid: farid } = users;
  await devices['web-1'].report(IN_FORCE, { clock, accounts: { chiara: 'needs_take_over' }, events: [
    login(1, farid.id, clock.now - 900, 'first_factor_alone'), login(2, alice.id, clock.now - 600, 'refused', { why: 'window_ended' }), login(3, bruno.id, clock.now - 300, 'first_factor_alone'),
  ] });
  await api.do('PUT', `/device-groups/${web.id}/ask-once`, { hours: 12 });
  await devices['web-1'].code(alice.id, world.secrets.add('code', codeAt(alice.person.secret, clock.now)), 'a laptop');
  await devices['db-1'].report(BLOCKED, { clock, detail: '/etc/ssh/sshd_config line 12: Bad configuration option: UsePam' });
  await devices['build-1'].report({ mfa: 'off' }, { clock });
  await devices['kiosk-1'].report({ mfa: 'off' }, { clock, sshServer: 'missing' });
  const ordered = await order({ api, clock }, devices, web.id);
  return { of, web, key: key.key, ordered };
}

const devicePage = (base, alice) => [
  ['a device', base],
  ['a device with mistakes', base, refused('Save', { Name: '' })],
  ["a device's users", `${base}/users`, undefined, { '1440 light': 'device-users.png' }],
  ['a user who is nobody', `${base}/users`, refused('Bind user', { 'E-mail or username': 'nobody' })],
  ["a device's activity", `${base}/activity`],
  ["a device's actions", base, opening('main summary:has-text("Actions")')],
  ['the question before MFA is disabled on it', `${base}/mfa/off`],
  ['the question before a user is unbound', `${base}/users/${alice.id}/unbind`],
  ['the form for a break-glass code', `${base}/users/${alice.id}/break-glass`],
  ['a break-glass code without a reason', `${base}/users/${alice.id}/break-glass`, refused('Make the code', { 'Valid for': '0' })],
  ['a break-glass code', `${base}/users/${alice.id}/break-glass`, sending('Make the code', { Reason: 'the phone is in the lake' })],
  ['the question before a device is deleted', `${base}/delete`],
];

const lists = ({ of, web, key }, users) => [
  ['Devices', '/admin/devices', undefined, { '1440 light': 'devices.png' }],
  ['Devices that are offline', '/admin/devices?presence=offline'],
  ['a search that finds no device', '/admin/devices?search=zzz'],
  ['Add a device', '/admin/devices/new'],
  ['the question before MFA is enabled on many', '/admin/devices', async (page) => {
    await page.locator('[data-bulk-all]').check();
    await sending('Continue…')(page);
  }],
  ['the same for a group', '/admin/devices', async (page) => {
    await page.locator('[data-bulk-all]').check();
    await page.getByLabel('Action', { exact: true }).selectOption('Add to group');
    await sending('Continue…')(page);
  }],
  ['what would happen on a device with two ways in', `/admin/devices/${of('build-1')}/mfa`],
  ['a device that is blocked', `/admin/devices/${of('db-1')}`],
  ['a device without an SSH server', `/admin/devices/${of('kiosk-1')}`],
  ['a Mac', `/admin/devices/${of('laptop-ada')}`],
  ['what would happen on a Mac', `/admin/devices/${of('laptop-ada')}/mfa`],
  ['a device without users', `/admin/devices/${of('kiosk-1')}/users`],
  ['the question before an account is taken over', `/admin/devices/${of('web-1')}/users/${users.Chiara.id}/take-over`],
  ['Device Groups', '/admin/device-groups'],
  ['a group of devices without a name', '/admin/device-groups', refused('Make group', { Name: '' })],
  ['a group of devices', `/admin/device-groups/${web.id}`],
  ['a device that is none', `/admin/device-groups/${web.id}`, refused('Add device', { 'Name of the device': 'nothing' })],
  ['a group that asks for 200 hours', `/admin/device-groups/${web.id}`, refused('Save how often', { 'Ask for the code once in so many hours': '200' })],
  ['Connect Keys', '/admin/connect-keys'],
  ['the form for a connect key', '/admin/connect-keys/new'],
  ['a connect key with mistakes', '/admin/connect-keys/new', refused('Make key', { Name: '', Devices: 'x' })],
  ['a new connect key', '/admin/connect-keys/new', sending('Make key', { Name: 'laptops' })],
  ['the question before a connect key is rotated', `/admin/connect-keys/${key.id}/rotate`],
  ['the question before a connect key is revoked', `/admin/connect-keys/${key.id}/revoke`],
  ["a user's devices", `/admin/users/${users.Alice.id}/devices`],
  ["a user's devices with mistakes", `/admin/users/${users.Alice.id}/devices`, refused('Save', { UID: '12' })],
  ['a key that is none', `/admin/users/${users.Alice.id}/devices`, async (page) => {
    await refused('Add key', { 'Add a key': 'ssh-dss AAAA' })(page);
    // The mistake is far down; what is scrolled under the bar above is nobody's target.
    await page.evaluate(() => window.scrollTo(0, 0));
  }],
  ['a user of no device', `/admin/users/${users.Zoe.id}/devices`],
];

/** Devices and all that belongs to them. */
export async function devicePages(t, scene) {
  const { world, ada, users } = scene;
  const settled = await settle(scene);
  const window = await world.window();
  await signIn(Object.assign(ada, { page: window.page }));
  await visitAll(t, window, lists(settled, users));
  await visitAll(t, window, orderedPages(settled.ordered));
  await visitAll(t, window, devicePage(`/admin/devices/${settled.of('web-1')}`, users.Alice));
}

export const NO_DEVICES = [
  ['Devices without devices', '/admin/devices'],
  ['Connect Keys without keys', '/admin/connect-keys'],
  ['Device Groups without groups', '/admin/device-groups'],
  ['Policies without policies', '/admin/policies'],
  ['Commands without commands', '/admin/commands'],
];
