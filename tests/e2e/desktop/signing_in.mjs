import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';
import { greeters } from './greeters.mjs';
import { MIDDLE, Screen } from './screen.mjs';

/** People sign in at a real greeter, with everything that it asks for typed at it. */
export async function signingIn(scene, step, name, sessions) {
  const greeter = greeters[name];
  const place = { machine: scene.machine, screen: new Screen(scene.machine), people: scene.people };
  const before = async (person) => {
    await greeter.start(place, person.username);
    await greeter.choose(place.screen, person.username);
    await place.screen.type(person.password);
  };
  const hall = { scene, step, name, greeter, sessions, screen: place.screen, before };
  await (greeter.carriesQuestion ? asked(hall) : refused(hall));

  await step(`${name} lets in by the password alone who is not enrolled`, async () => {
    const { bob } = scene.people;
    await before(bob);
    await sessions.begins('bob');
    assert.equal(await sessions.opened('bob', greeter.service), 1);
    await sessions.end('bob');
    await greeter.stop(scene.machine);
  });
}

async function asked({ scene, step, name, greeter, sessions, screen, before: begin }) {
  const { alice } = scene.people;
  const keep = (kind) => screen.keep(`${greeter.inDocs.includes(kind) ? '' : 'desktop/'}greeter-${name}-${kind}.png`, MIDDLE);
  const wrong = async () => (await scene.events('device.code')).filter(({ outcome }) => outcome === 'wrong_code').length;
  const refusedCode = async () => {
    const before = await wrong();
    await screen.type(alice.badCode());
    await until('the wrong code in the activity log', async () => await wrong() === before + 1);
  };

  await step(`${name} asks for the code after the password, and says so of a wrong one`, async () => {
    await begin(alice);
    await screen.says(/Verificationcode/i);
    await keep('code');
    await refusedCode();
    await screen.says(/notright|Wrongcode/i);
    await keep('refused');
    assert.equal(await sessions.isIn('alice'), false);
    assert.equal(await sessions.opened('alice', greeter.service), 0);
  });

  await step(`${name} opens a session after the right code`, async () => {
    await screen.type(await scene.employees.code(alice));
    await sessions.begins('alice');
    assert.equal(await sessions.opened('alice', greeter.service), 1);
    if (greeter.inLogind) {
      const known = await sessions.ofLogind('alice');
      assert.deepEqual(known.map(({ Service, Type, Class }) => [Service, Type, Class]), [[greeter.service, 'x11', 'user']]);
    }
    await screen.says(/alice.*status/);
    await screen.keep(`desktop/${name}-session.png`);
    await sessions.end('alice');
    await greeter.stop(scene.machine);
  });

  await step(`${name} lets nobody in after three wrong codes`, async () => {
    await begin(alice);
    await screen.says(/Verificationcode/i);
    for (let tries = 0; tries < 3; tries += 1) {
      await refusedCode();
      if (tries < 2) await screen.says(/notright|Wrongcode/i);
    }
    // It begins anew.
    await screen.says(greeter.begins);
    assert.equal(await sessions.isIn('alice'), false);
    assert.equal(await sessions.opened('alice', greeter.service), 1);
    await greeter.stop(scene.machine);
  });
}

async function refused({ scene, step, name, greeter, sessions, screen, before }) {
  await step(`${name}, which can ask for one thing only, keeps out who is enrolled`, async () => {
    const { alice } = scene.people;
    await before(alice);
    await until('the reason in the journal', async () => /answered the code prompt with the password/.test(await scene.agent.journal()));
    await screen.says(/Loginfailed/i);
    await screen.keep(`desktop/${name}-refused.png`);
    assert.equal(await sessions.isIn('alice'), false);
    assert.equal(await sessions.opened('alice', greeter.service), 0);
    await greeter.stop(scene.machine);
  });
}
