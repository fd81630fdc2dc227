import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientSecretPost } from 'openid-client';
import { stepsOf } from './lib/steps.mjs';
import { story } from './relying_parties/openid_client.mjs';
import { Scene } from './relying_parties/scene.mjs';

for (const database of ['sqlite', 'postgres']) {
  test(`applications by OpenID Connect with a library that is not ours, on ${database}`, async (t) => {
    const scene = await Scene.open(database);
    t.after(() => scene.close());
    await scene.populate();
    const step = stepsOf(t, scene);
    await story(scene, step, 'Wiki', 'confidential');
    await story(scene, step, 'Chat', 'confidential', ClientSecretPost);
    await story(scene, step, 'Phone', 'public');
    await step('nothing was complained about, and no secret is in the log', async () => {
      assert.deepEqual(scene.world.complaints(), []);
      assert.deepEqual(scene.world.secrets.in(scene.world.server.logs), []);
      assert.match(await scene.world.server.command('audit', 'verify'), /^The log is whole/);
    });
  });
}
