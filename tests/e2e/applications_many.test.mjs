import { test } from 'node:test';
import { judgeMany, prepare } from './applications/many.mjs';
import { rollovers } from './applications/rollover.mjs';
import { Scene } from './applications/scene.mjs';
import { Shibboleth } from './applications/shibboleth.mjs';
import { stepsOf } from './lib/steps.mjs';
import { World } from './lib/world.mjs';

const RESPONSES = Number(process.env.CLAVIGER_SAML_RESPONSES ?? 600);
const SIGN_INS = Number(process.env.CLAVIGER_SAML_SIGN_INS ?? 300);
const ROLLOVERS = 2;

const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

test(`${RESPONSES} responses are taken by two libraries, every one`, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const scene = await prepare(world);
  const start = performance.now();
  const count = await judgeMany(world, scene, RESPONSES);
  t.diagnostic(`${count} responses, each taken by python3-saml and node-saml, in ${since(start)}`);
});

test(`a provider that follows metadata takes every one of ${SIGN_INS} sign-ins while the key rolls over ${ROLLOVERS} times`, async (t) => {
  const scene = await Scene.open('postgres');
  t.after(() => scene.close());
  await scene.populate();
  const provider = await scene.provider(Shibboleth);
  // mod_shib keeps a list of a name's sessions, and a thousand of one name keep it busy with that alone.
  await scene.introduce(provider, { follows: true }, { name_id: 'transient' });
  await stepsOf(t, scene)('no sign-in fails', async () => {
    const start = performance.now();
    const count = await rollovers(scene, provider, { count: SIGN_INS, times: ROLLOVERS });
    t.diagnostic(`${count} sign-ins, ${ROLLOVERS} rollovers, no failure, in ${since(start)}`);
  });
});
