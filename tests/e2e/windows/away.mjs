import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../lib/wait.mjs';
import { PROGRAM } from './agent.mjs';
import { logonUi } from './environment.mjs';
import { Logons } from './logons.mjs';
import { Windows } from './machine.mjs';

const HIDDEN = [false, false, true, false];
const ALL = [true, true, true, true];
const AWAY = "This computer can't take codes at the moment. Ask an administrator.";
const SAFE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Option';

/** Without the server, without the agent, in safe mode, and with somebody in the way. */
export async function away(scene, step, people) {
  const { machine, logins, employees, agent, api, world } = scene;
  const { alice, bob, carol } = people;
  let breakGlass;
  let taken;

  await step("without the server codes go on, each once; who isn't enrolled is asked nothing (S8.5)", async () => {
    for (const person of [alice, carol]) await scene.synced(person);
    const { code } = await api.do('POST', `/devices/${scene.device}/users/${carol.id}/break-glass`, { reason: 'the phone is in the lake' });
    breakGlass = world.secrets.add('break-glass code', code);
    await employees.letTimePass();
    await world.server.stop();
    taken = await employees.codeOffline(alice);
    assert.equal((await logins.enter(alice, [taken])).in, true);
    assert.equal((await logins.enter(alice, [taken])).in, false);
    assert.equal((await logins.enter(alice, [alice.badCode()])).in, false);
    assert.equal((await logins.enter(bob)).in, true);
  });

  await step('a break-glass code lets its person in once (S8.8)', async () => {
    assert.equal((await logins.enter(carol, [breakGlass.toLowerCase()])).in, true);
    const again = await logins.enter(carol, [breakGlass]);
    assert.deepEqual([again.in, /already used/.test(again.steps[1].message)], [false, true], JSON.stringify(again.steps));
  });

  await step('a used code stays used across a restart of the service', async () => {
    await agent.stop();
    await agent.start();
    await until('the pipe', async () => (await logins.enter(alice)).steps[0].asks_for_code);
    assert.equal((await logins.enter(alice, [taken])).in, false);
  });

  await step('a state that was cut short opens nothing, and is fetched again', async () => {
    await agent.stop();
    truncateSync(agent.file('vault/state'), 40);
    await agent.start();
    const seen = await until('the pipe', async () => {
      const tried = await logins.enter(alice, [await employees.codeOffline(alice)]);
      return tried.steps[0].text !== AWAY && tried;
    });
    assert.deepEqual([seen.in, seen.steps[0].asks_for_code], [false, false], JSON.stringify(seen.steps));
    assert.equal((await logins.enter(bob)).in, true);
  });

  await step('back at the server the device tells what happened, and used codes are dead everywhere', async () => {
    await world.server.start();
    await until('the reports', async () => (await scene.events('device.break_glass.use')).length === 1 && (await scene.events('device.code.offline')).length >= 1, 120);
    const { result } = await api.do('POST', `/users/${alice.id}/mfa/verify`, { code: taken });
    assert.equal(result, 'already_used');
    await api.do('POST', `/users/${alice.id}/unlock`);
    await until('a code being taken', async () => (await logins.enter(alice, [await employees.code(alice)])).in, 60);
  });

  await step('without the service enrolled users are refused in words, others are not, and the filter stays (S8.14)', async () => {
    await agent.stop();
    const seen = await logins.enter(alice, ['123456']);
    assert.deepEqual([seen.allowed, seen.in, seen.steps[0].text], [HIDDEN, false, AWAY], JSON.stringify(seen.steps));
    assert.equal((await logins.enter(bob)).in, true);
    assert.equal((await logins.enter(alice, [], { scenario: 'unlock' })).in, true);
    await agent.start();
  });

  await step('where a device is set so, they are let in while it is down, and the server hears of it', async () => {
    await scene.change({ when_down: 'open' });
    await scene.catchUp();
    await agent.stop();
    const refused = await logins.enter(alice, [], { status: 0xc000006d });
    assert.equal(refused.in, true, 'what Windows makes of it is its own');
    const { seconds, ...seen } = await logins.enter(alice);
    assert.deepEqual([seen.in, seen.steps.length], [true, 1], JSON.stringify(seen));
    await agent.start();
    await until('the report', async () => (await scene.events('device.login.let_in')).length >= 1, 60);
    assert.equal((await scene.events('device.login.let_in')).length, 1, 'only of whom Windows let in');
    await scene.change({ when_down: 'closed' });
    await scene.catchUp();
    await until('the pipe', async () => (await logins.enter(alice)).steps[0].asks_for_code);
  });

  await step('a caller that is not LogonUI hears nothing', async () => {
    const stranger = new Logons(machine, Windows.there(logonUi));
    const code = await employees.code(alice);
    const seen = await stranger.enter(alice, [code]);
    stranger.stop();
    assert.deepEqual([seen.in, seen.steps[0].asks_for_code], [false, false], JSON.stringify(seen));
    const noted = /A call was refused: the caller, process \d+, is not the system's logon/;
    await until('the note of it', async () => noted.test(await agent.journal()), 10);
    assert.equal((await logins.enter(alice, [code])).in, true, 'the code was not used up by it');
  });

  await step('a pipe whose name somebody has is not offered a second time', async () => {
    const other = join(machine.share, 'second');
    mkdirSync(other);
    for (const name of ['agent.toml', 'key', 'server.pem']) copyFileSync(agent.file(name), join(other, name));
    const second = await machine.run(PROGRAM, ['run', '--console', '--folder', Windows.there(other)], { timeout: 20_000 });
    assert.match(second.stderr, /claviger-login is somebody else's/);
    assert.equal((await logins.enter(bob)).in, true);
  });

  await step("who isn't enrolled can be refused (S8.7b)", async () => {
    await scene.change({ not_enrolled: 'refused' });
    await scene.catchUp();
    const seen = await until('the refusal', async () => {
      const tried = await logins.enter(bob);
      return !tried.in && tried;
    });
    assert.match(seen.steps[0].text, /Set up MFA in the User Portal/);
    await scene.change({ not_enrolled: 'first_factor_alone' });
    await scene.catchUp();
  });

  await step('in safe mode Windows has its own ways in (S8.16)', async () => {
    await machine.reg('add', SAFE, '/v', 'OptionValue', '/t', 'REG_DWORD', '/d', '1', '/f');
    const seen = await logins.enter(alice);
    await machine.reg('delete', SAFE, '/f');
    assert.deepEqual([seen.allowed, seen.offered], [ALL, false]);
    assert.equal((await logins.enter(alice)).offered, true);
  });

  await step('status and doctor tell how things are', async () => {
    const status = await machine.do(PROGRAM, ['status']);
    assert.match(status, /MFA +in force/);
    const doctor = await machine.run(PROGRAM, ['doctor', '--user', 'alice']);
    for (const words of [/the service runs/, /provider and its filter are registered/, /providers are hidden/, /alice is asked for a code/, /the server answers/]) {
      assert.match(doctor.stdout, words, doctor.stdout);
    }
  });

  await step('disabling MFA shows the other ways in again', async () => {
    await scene.putInForce({ enabled: false });
    const seen = await logins.enter(alice);
    assert.deepEqual([seen.allowed, seen.in, seen.steps.length], [ALL, true, 1]);
  });

  await step('nothing secret is in the log of the agent', async () => {
    assert.deepEqual(world.secrets.in(await agent.journal()), []);
  });
}
