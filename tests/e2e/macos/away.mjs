import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { FOLDER } from './agent.mjs';

const CODE = 'Claviger:code';

/** Without the server, and without the agent. */
export async function away(scene, step, people) {
  const { machine, logins, employees, agent, api, world } = scene;
  const { alice, bob, carol } = people;
  let taken;

  await step('without the server codes go on, each once; a break-glass code lets its person in (S8.5, S8.8)', async () => {
    for (const person of [alice, carol]) await scene.synced(person);
    const { code } = await api.do('POST', `/devices/${scene.device}/users/${carol.id}/break-glass`, { reason: 'the phone is in the lake' });
    const breakGlass = world.secrets.add('break-glass code', code);
    await employees.letTimePass();
    await machine.cut();
    taken = await employees.codeOffline(alice);
    assert.equal((await logins.enter(alice, [taken])).in, true);
    assert.equal((await logins.enter(alice, [taken])).in, false);
    assert.equal((await logins.enter(alice, [alice.badCode()])).in, false);
    const other = await logins.enter(bob);
    assert.equal(other.in, true, JSON.stringify(other));
    assert.equal((await logins.enter(carol, [breakGlass])).in, true);
    const again = await logins.enter(carol, [breakGlass]);
    assert.deepEqual([again.in, /already used/.test(again.pages[1].message)], [false, true], JSON.stringify(again));
  });

  await step('a used code stays used when the agent is killed', async () => {
    await agent.kill();
    const again = await until('the agent', async () => {
      const seen = await logins.enter(alice, [taken]);
      return seen.pages[0]?.field === 'hidden' && seen;
    });
    assert.equal(again.in, false);
  });

  await step('back at the server the device tells what happened', async () => {
    await machine.restore();
    await until('the reports', async () => (await scene.events('device.break_glass.use')).length === 1 && (await scene.events('device.code.offline')).length >= 1, 60);
    await scene.catchUp();
    assert.equal((await logins.enter(alice, [await employees.code(alice)])).in, true);
  });

  await step('without the agent enrolled users are refused in words, and others are not (S8.14)', async () => {
    await agent.stop();
    const refused = await logins.enter(alice, [await employees.codeOffline(alice)]);
    assert.deepEqual([refused.in, refused.ended_at, refused.pages[0].field], [false, CODE, 'none'], JSON.stringify(refused));
    assert.match(refused.pages[0].message, /can't be checked on this Mac/);
    assert.equal((await logins.enter(bob)).in, true);
    assert.equal((await logins.try({ user: 'lena', password: 'lenas-own' })).in, true);
    // A file that somebody damaged opens nothing.
    await machine.sh(`cp -p ${FOLDER}/away /run/away.kept; truncate -s 20 ${FOLDER}/away`);
    assert.equal((await logins.enter(bob)).in, false);
    await machine.sh(`cp -p /run/away.kept ${FOLDER}/away`);
    await agent.start();
    await until('the agent', async () => (await logins.enter(alice)).pages[0]?.field === 'hidden');
  });

  await step('where a device is set so, they are let in while it is down, and the server hears of it', async () => {
    await scene.change({ when_down: 'open' });
    await until('the file', async () => /when_down=open/.test(await machine.sh(`cat ${FOLDER}/away`)));
    await agent.stop();
    assert.deepEqual(await logins.enter(alice), { in: true, ended_at: null, pages: [], rested: true });
    await agent.start();
    await until('the report', async () => (await scene.events('device.login.let_in')).length >= 1, 60);
    await scene.change({ when_down: 'closed' });
    await until('the file', async () => /when_down=closed/.test(await machine.sh(`cat ${FOLDER}/away`)));
  });

  await step('status and doctor tell how things are', async () => {
    const status = await machine.do('claviger-agent', ['status']);
    assert.match(status, /MFA/);
    const doctor = await machine.run('claviger-agent', ['doctor', '--user', 'alice']);
    assert.match(doctor.stdout, /ok +the login window calls the plug-in/);
    assert.match(doctor.stdout, /ok +alice is asked for a code/);
  });

  await step('without its plug-in nothing is put in force, and why is said', async () => {
    await scene.putInForce({ enabled: false });
    for (const person of [bob, carol]) await scene.unbind(person);
    await scene.unbind(alice);
    await until('the right being as it was', async () => (await machine.mechanisms()).every((name) => !name.startsWith('Claviger')), 30);
    await agent.removePlugIn();
    await scene.setMfa({ enabled: true });
    await scene.mfaIs('blocked');
    assert.match((await scene.about()).mfa.detail, /not installed/);
    await agent.installPlugIn();
    await scene.setMfa({ enabled: false });
    await scene.bind(alice);
  });

  await step('nothing secret is in the log of the agent', async () => {
    assert.deepEqual(world.secrets.in(await agent.journal()), []);
  });
}
