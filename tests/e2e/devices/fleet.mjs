import assert from 'node:assert/strict';
import { assertHeading, assertSays, fill, press, typeCode } from '../lib/forms.mjs';
import { keepPicture } from '../lib/browser.mjs';
import { signIn } from '../lib/sign_in.mjs';
import { until } from '../lib/wait.mjs';
import { Agent } from './agent.mjs';
import { Logins } from './logins.mjs';
import { Machine } from './machine.mjs';

const NAMES = ['web-1', 'web-2', 'web-3'];

/** A device among several: its machine, what runs on it, and what the server calls it. */
class Member {
  constructor(scene, name, machine) {
    Object.assign(this, { scene, name, machine, agent: new Agent(machine), logins: new Logins(machine) });
  }

  async enroll(key) {
    const { scene, machine, name } = this;
    await machine.sh(`hostname ${name}`);
    await this.agent.install();
    const { code, stderr } = await this.agent.enroll(scene.url, key, scene.authority);
    assert.equal(code, 0, stderr);
    const { items } = await scene.api.do('GET', '/devices?limit=200');
    this.id = items.find((device) => device.name === name).id;
    await this.agent.start();
  }

  about() {
    return this.scene.api.do('GET', `/devices/${this.id}`);
  }

  mfaIs(status) {
    return until(`MFA of ${this.name} being ${status}`, async () => (await this.about()).mfa.status === status, 60);
  }

  async has(user) {
    const { code, stdout } = await this.machine.run('getent', ['passwd', user]);
    return code === 0 && stdout;
  }

  async asks(user, password) {
    return (await this.logins.pam({ user, password })).prompts.includes('Verification code: ');
  }
}

/** A browser drops what it loads when a network comes or goes on this host, as other machines' do: it is loaded again. */
async function go(page, path) {
  const dropped = (error) => { if (!/ERR_NETWORK_CHANGED/.test(error.message)) throw error; };
  await page.goto(path).catch(async (error) => {
    dropped(error);
    await page.goto(path);
  });
}

/** Ticks all devices, chooses an action, and goes on to what would happen. */
async function everyDevice(page, action) {
  await go(page, '/admin/devices');
  await page.locator('[data-bulk-all]').check();
  await page.getByLabel('Action', { exact: true }).selectOption(action);
  await press(page, 'Continue…');
}

/** The page of a job once it has ended; the page finds out by itself. */
async function ended(page) {
  await page.locator('[data-live="job"] .badge').filter({ hasText: /Done|Canceled/ }).waitFor({ timeout: 60_000 });
  await page.waitForLoadState();
}

/** Several devices at once, in a browser: groups bound to groups, and MFA with a report per device (S8.7, S8.9, S8.12). */
export async function fleet(scene, step) {
  const { ada, api, employees, world } = scene;
  const others = await Promise.all([Machine.start(), Machine.start()]);
  others.forEach((machine) => scene.atEnd(() => machine.stop()));
  await Promise.all(others.map((machine) => machine.serve()));
  const [web1, web2, web3] = [scene.machine, ...others].map((machine, at) => new Member(scene, NAMES[at], machine));
  const devices = [web1, web2, web3];
  devices.forEach(({ logins }) => scene.atEnd(() => logins.stop()));
  const { page } = Object.assign(ada, { page: (await world.window()).page });
  const people = {};

  await step('one connect key enrolls three devices into a group, and no fourth one', async () => {
    await go(page, '/admin/sign-in');
    await signIn(ada);
    await go(page, '/admin/device-groups');
    await fill(page, { Name: 'Web servers', Description: 'What customers see' });
    await press(page, 'Make group');
    await assertHeading(page, 'Web servers');
    scene.group = page.url().split('/').at(-1);
    const { secret } = await api.do('POST', '/connect-keys', { name: 'web servers', uses: 3, expires_in_days: 1, device_group: scene.group });
    const key = world.secrets.add('connect key', secret);
    for (const device of devices) await device.enroll(key);
    const fourth = await web1.machine.run('claviger-agent', ['enroll', '--server', scene.url, '--key', key, '--ca', '/share/ca.pem', '--folder', '/run/other']);
    assert.notEqual(fourth.code, 0);
    assert.match(fourth.stderr, /connect key/i);
    await page.reload();
    for (const { name } of devices) await assertSays(page, name);
  });

  await step('a group of users that is bound to it has accounts on every device, as strong as was said', async () => {
    people.alice = await employees.hire('alice', { enrolled: true });
    people.bob = await employees.hire('bob');
    const operators = await api.do('POST', '/groups', { name: 'Operators' });
    scene.operators = operators.id;
    for (const { id } of Object.values(people)) await api.do('PUT', `/groups/${operators.id}/users/${id}`);
    await page.reload();
    await page.getByLabel('Group of users', { exact: true }).selectOption({ label: 'Operators' });
    await page.getByLabel('As root', { exact: true }).selectOption({ label: 'sudo without password' });
    await press(page, 'Bind group');
    await assertSays(page, 'Operators');
    for (const device of devices) {
      for (const user of ['alice', 'bob']) await until(`${user} on ${device.name}`, () => device.has(user), 30);
      assert.match(await device.machine.sh('cat /etc/sudoers.d/claviger'), /^alice .*NOPASSWD/m);
    }
  });

  await step('before MFA is enabled on many the portal tells who would be asked where, and which devices are left out (S8.7)', async () => {
    for (const { id } of [web2, web3]) await api.do('PATCH', `/devices/${id}`, { ssh_public_keys: false });
    await web3.machine.sh('pkill -x sshd; rm /usr/sbin/sshd');
    await web3.agent.restart();
    await until('web-3 telling that it has no SSH server', async () => (await web3.about()).ssh_server === 'missing', 60);
    await web3.machine.cut();
    world.clock.advance({ minutes: 10 });
    await api.do('PATCH', '/organization', { support_contact: 'the desk' });
    await until('the others being online', async () => (await web1.about()).online && (await web2.about()).online, 30);
    await everyDevice(page, 'Enable MFA');
    await assertHeading(page, 'Enable MFA: 3 devices');
    for (const said of [
      '2 logins: asked for the code.', '2 logins: not enrolled, so the first factor alone is enough.',
      '1 device: skipped: password login and SSH keys are both on.', '1 device: offline: in force when it is back.',
      '1 device: without an SSH server: console and greeter ask.',
    ]) await assertSays(page, said);
    const card = (name) => page.locator(`section[aria-label="${name}"]`).innerText();
    assert.match(await card('web-2'), /alice[\s\S]*asked for the code/i);
    assert.match(await card('web-2'), /bob[\s\S]*First factor alone: not enrolled/);
    await keepPicture(page, 'devices-preview.png');
  });

  await step('the job does what can be done and reports the others, one by one (S8.7, S8.9)', async () => {
    await press(page, 'Enable MFA on 3 devices');
    await ended(page);
    await assertSays(page, 'Done, 1 skipped');
    const report = await page.locator('section[aria-labelledby="report-title"]').innerText();
    assert.match(report, /web-1/);
    assert.doesNotMatch(report, /web-2|web-3/);
    const csv = await page.evaluate(async () => (await fetch(`${location.pathname}/report.csv`)).text());
    assert.deepEqual(csv.trim().split('\n').map((line) => line.split(',').slice(1, 3).join(' ')), ['device outcome', 'web-1 skipped', 'web-2 done', 'web-3 done']);
    await page.getByRole('link', { name: 'All', exact: true }).click();
    await page.getByRole('link', { name: 'Skipped only' }).waitFor();
    for (const { name } of devices) await assertSays(page, name);
    await web2.mfaIs('on');
    assert.deepEqual([(await web1.about()).mfa.status, (await web3.about()).mfa.status], ['off', 'waiting']);
    assert.deepEqual([await web2.asks('alice', people.alice.password), await web1.asks('alice', people.alice.password)], [true, false]);
  });

  await step('a device that was away puts it in force when it is back, without an SSH server too (S8.11)', async () => {
    await web3.machine.restore();
    await web3.mfaIs('on');
    const console = await web3.logins.pam({ service: 'login', user: 'alice', password: people.alice.password });
    assert.ok(console.prompts.includes('Verification code: '), JSON.stringify(console));
  });

  await step('who leaves the group of users is locked on every device, and who joins has an account', async () => {
    people.carol = await employees.hire('carol');
    await api.do('DELETE', `/groups/${scene.operators}/users/${people.bob.id}`);
    await api.do('PUT', `/groups/${scene.operators}/users/${people.carol.id}`);
    for (const device of devices) {
      await until(`carol on ${device.name}`, () => device.has('carol'), 30);
      await until(`bob's lock on ${device.name}`, async () => /^bob:!/.test(await device.machine.sh('getent shadow bob')), 30);
      assert.ok(await device.has('bob'));
    }
  });

  await step('disabling it on all of them asks nobody any more', async () => {
    await go(page, '/admin/step-up?return=/admin/devices');
    await typeCode(page, ada.freshCode());
    await everyDevice(page, 'Disable MFA');
    await press(page, 'Disable MFA on 3 devices');
    await ended(page);
    for (const device of [web2, web3]) {
      await until(`nobody being asked on ${device.name}`, async () => !(await device.asks('alice', people.alice.password)), 30);
    }
    assert.deepEqual(world.complaints().filter((complaint) => !complaint.includes('ERR_NETWORK_CHANGED')), []);
  });
}
