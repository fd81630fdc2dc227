import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Scene } from './devices/scene.mjs';
import { until } from './lib/wait.mjs';
import { WindowsAgent } from './windows/agent.mjs';
import { Logons } from './windows/logons.mjs';
import { Windows } from './windows/machine.mjs';

const KILLS = Number(process.env.CLAVIGER_WINDOWS_KILLS ?? 20);
const NAMES = ['alice', 'carol', 'erin', 'frank'];
/** Milliseconds; longer than most logons take. */
const LONGEST = 250;

test(`the service is killed ${KILLS} times in the middle of logons: nobody is in without a code, and no code counts twice`, async (t) => {
  const scene = await Scene.open('sqlite', { machine: Windows, agent: WindowsAgent, logins: Logons, host: 'localhost' });
  t.after(async () => { scene.agent.stopSupervising(); scene.logins.stop(); await scene.agent.remove().catch(() => {}); await scene.close(); });
  const { agent, employees, logins, api } = scene;
  await scene.enrollDevice();
  const people = [];
  for (const name of NAMES) people.push(await employees.hire(name, { enrolled: true }));
  for (const person of people) await scene.bind(person);
  await scene.setMfa({ enabled: true });
  await scene.mfaIs('on');
  for (const person of people) await scene.synced(person);
  await agent.stop();
  agent.supervise();
  await until('the agent', async () => (await logins.enter(people[0])).steps?.[0].asks_for_code, 60);
  let [entered, cutOff] = [0, 0];
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const [first, second, third] = people;
    const code = await employees.codeOfMany(first);
    const attempts = [logins.enter(first, [code]), logins.enter(first, [code]), logins.enter(second, [second.badCode()]), logins.enter(third)];
    await pause(Math.random() * LONGEST);
    agent.kill();
    const [one, same, wrong, silent] = await Promise.all(attempts);
    assert.equal(wrong.in, false, `kill ${kill}: in with a wrong code: ${JSON.stringify(wrong)}`);
    assert.equal(silent.in, false, `kill ${kill}: in without a code: ${JSON.stringify(silent)}`);
    const again = await logins.enter(first, [code]);
    const taken = [one, same, again].filter((each) => each.in).length;
    assert.ok(taken <= 1, `kill ${kill}: a code was taken ${taken} times`);
    const { result } = await api.do('POST', `/users/${first.id}/mfa/verify`, { code });
    assert.notEqual(result, 'accepted', `kill ${kill}: a code of the device counts in the portal`);
    entered += taken;
    cutOff += [one, same, wrong, silent].filter((each) => each.steps?.some(({ text }) => /at the moment|too long/.test(text))).length;
    if (kill % 4 === 0) for (const person of people) await api.do('POST', `/users/${person.id}/unlock`);
    people.push(people.shift());
  }
  t.diagnostic(`${KILLS} kills, ${entered} codes taken, ${cutOff} logons cut off`);
  assert.ok(entered > KILLS / 4, `too few got in: ${entered}`);
  assert.ok(cutOff > KILLS / 20, `too few were cut off: ${cutOff}`);
});
