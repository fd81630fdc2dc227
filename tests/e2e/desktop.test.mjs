import { test } from 'node:test';
import { Booted } from './booted/machine.mjs';
import { Service } from './booted/service.mjs';
import { greeters, prepareGreeters } from './desktop/greeters.mjs';
import { Sessions } from './desktop/session.mjs';
import { signingIn } from './desktop/signing_in.mjs';
import { Scene } from './devices/scene.mjs';
import { stepsOf } from './lib/steps.mjs';

const wanted = (process.env.CLAVIGER_GREETERS || Object.keys(greeters).join()).split(',');

test('greeters with a screen carry the question', async (t) => {
  const scene = await Scene.open('sqlite', { machine: Booted, agent: Service });
  t.after(() => scene.close());
  const step = stepsOf(t, scene);
  const sessions = new Sessions(scene.machine);
  await step('a device with MFA on, one user who is enrolled and one who isn\'t', async () => {
    const { employees } = scene;
    await scene.enrollDevice();
    scene.people = { alice: await employees.hire('alice', { enrolled: true }), bob: await employees.hire('bob') };
    for (const person of Object.values(scene.people)) await scene.bind(person);
    await scene.setMfa({ enabled: true, ssh_first_factors: 'password' });
    await scene.mfaIs('on');
    await scene.synced(scene.people.alice);
    await sessions.prepare();
    await prepareGreeters(scene.machine);
  });
  for (const name of wanted) await signingIn(scene, step, name, sessions);
});
