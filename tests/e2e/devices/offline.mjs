import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const OFFLINE_FAILURES = 10;

/** A device whose network is cut (S8.5, S8.8), and what it tells when it is back. */
export async function offline(scene, step, people) {
  const { machine, logins, employees, api } = scene;
  const { alice, bob, carol } = people;
  const byKey = (person, ...given) => logins.pam({ user: person.username, key: true, codes: given });
  let breakGlass;
  let taken;

  await step("everybody's codes are on the device, and so is a break-glass code", async () => {
    await scene.synced(alice);
    await scene.synced(carol);
    const { code } = await api.do('POST', `/devices/${scene.device}/users/${carol.id}/break-glass`, { reason: 'the phone is in the lake' });
    breakGlass = scene.world.secrets.add('break-glass code', code);
    await employees.letTimePass();
    await machine.cut();
  });

  await step('without a network enrolled people give their codes as ever, and others are asked nothing', async () => {
    const seen = await logins.rounds({ user: 'alice', password: alice.password, codes: [await employees.codeOffline(alice)] });
    assert.equal(seen.printed, 'alice', JSON.stringify(seen));
    taken = await employees.codeOffline(carol);
    const key = await logins.rounds({ user: 'carol', key: carol.key, codes: [taken] });
    assert.equal(key.printed, 'carol', JSON.stringify(key));
    assert.equal((await logins.rounds({ user: 'bob', password: bob.password })).printed, 'bob');
    assert.equal((await logins.rounds({ user: 'lena', password: 'pw-of-lena' })).printed, 'lena');
    assert.equal((await logins.rounds({ user: 'alice', password: 'not hers', codes: ['123456'] })).in, false);
  });

  await step('a used code is used, across a restart of the agent too', async () => {
    assert.notEqual((await byKey(carol, taken)).result, 0);
    await scene.agent.kill();
    assert.notEqual((await byKey(carol, taken)).result, 0);
    await scene.agent.restart();
    assert.notEqual((await byKey(carol, taken)).result, 0);
    taken = await employees.codeOffline(carol);
    assert.equal((await byKey(carol, taken)).result, 0);
  });

  await step('after ten wrong codes on a day no code of that user is looked at without the server', async () => {
    for (let count = 0; count < OFFLINE_FAILURES; count += 1) await byKey(alice, alice.badCode());
    assert.notEqual((await byKey(alice, await employees.codeOffline(alice))).result, 0);
    assert.match(await scene.agent.journal(), /alice .*too many wrong codes/);
  });

  await step('a break-glass code lets its person in once, without a network (S8.8)', async () => {
    const other = await byKey(bob, breakGlass);
    assert.deepEqual([other.result, other.prompts], [0, []], JSON.stringify(other));
    assert.equal((await byKey(carol, breakGlass.toLowerCase().replaceAll('-', ' '))).result, 0);
    assert.notEqual((await byKey(carol, breakGlass)).result, 0);
  });

  await step('back on the network the device tells what happened, and the used steps are dead everywhere', async () => {
    await machine.restore();
    const told = await until('the reports', async () => {
      const used = await scene.events('device.break_glass.use');
      return used.length === 1 && scene.events('device.code.offline');
    }, 90);
    assert.ok(told.length >= 3, JSON.stringify(told));
    const { result } = await api.do('POST', `/users/${carol.id}/mfa/verify`, { code: taken });
    assert.equal(result, 'already_used');
    assert.equal((await byKey(carol, await employees.code(carol))).result, 0);
  });

  await step('and the wrong ones count: the factor is locked until somebody acts, or time passes (S4.19)', async () => {
    const { result } = await api.do('POST', `/users/${alice.id}/mfa/verify`, { code: alice.badCode() });
    assert.equal(result, 'locked');
    await api.do('POST', `/users/${alice.id}/unlock`);
    await scene.catchUp();
    assert.equal((await byKey(alice, await employees.code(alice))).result, 0);
  });

  await step('a break-glass code works on a device that is online, once', async () => {
    const { code } = await api.do('POST', `/devices/${scene.device}/users/${carol.id}/break-glass`, { hours: 1, reason: 'the phone is still in the lake' });
    scene.world.secrets.add('break-glass code', code);
    await scene.catchUp();
    assert.equal((await byKey(carol, code)).result, 0);
    assert.notEqual((await byKey(carol, code)).result, 0);
    assert.ok(scene.world.mailbox.to(carol.email, 'break-glass').length >= 1);
  });
}
