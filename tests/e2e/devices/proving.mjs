import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { WallClock } from './wall_clock.mjs';

const MINUTES = 5;
const IN_TIME = (MINUTES - 1) * 60;
const TOO_LATE = (MINUTES + 1) * 60;

/** MFA that a device takes back unless somebody proves that codes work (S8.7a). */
export async function proving(scene, step, people) {
  const { logins, employees, api } = scene;
  const { carol } = people;
  const clock = new WallClock(scene);
  const byKey = (...codes) => logins.pam({ user: 'carol', key: true, codes });
  const isAsked = async () => (await byKey()).prompts.length > 0;
  const enable = async () => {
    await scene.putInForce({ enabled: false });
    await scene.putInForce({ enabled: true, ssh_first_factors: 'both', revert_unless_proven_minutes: MINUTES });
  };

  await step('what nobody proves within its minutes the device takes back by itself, and says so', async () => {
    await enable();
    await clock.boot(IN_TIME);
    assert.equal(await isAsked(), true);
    await clock.boot(TOO_LATE);
    const { mfa } = await until('the report', async () => {
      const about = await scene.about();
      return about.mfa.proof === 'taken_back' && about;
    });
    assert.deepEqual([mfa.enabled, mfa.status, mfa.blocked], [true, 'blocked', 'unproven']);
    const seen = await byKey();
    assert.deepEqual([seen.result, seen.prompts], [0, []], JSON.stringify(seen));
    assert.match(await scene.agent.journal(), /nobody signed in with a code in time: MFA is taken back/);
    assert.equal((await scene.events('device.mfa.taken_back')).length, 1);
  });

  await step('another boot with a clock that went back does not ask again', async () => {
    await clock.boot(0);
    await scene.catchUp();
    assert.equal(await isAsked(), false);
  });

  await step('once somebody has signed in with a code it stays', async () => {
    await enable();
    assert.equal((await byKey(await employees.code(carol))).result, 0);
    await until('the proof', async () => (await scene.events('device.mfa.proven')).length === 1);
    await clock.boot(TOO_LATE);
    await scene.catchUp();
    assert.equal(await isAsked(), true);
    await scene.mfaIs('on');
    assert.equal((await scene.about()).mfa.proof, 'given');
  });

  await step('and so it does once an administrator has confirmed it', async () => {
    await enable();
    await api.do('POST', `/devices/${scene.device}/mfa/confirm`);
    await scene.catchUp();
    await clock.boot(TOO_LATE);
    await scene.catchUp();
    assert.equal(await isAsked(), true);
    await scene.mfaIs('on');
    await clock.end();
    await scene.catchUp();
  });
}
