import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientSecretPost } from 'openid-client';
import { stepsOf } from './lib/steps.mjs';
import { story } from './relying_parties/openid_client.mjs';
import { Scene } from './relying_parties/scene.mjs';
import { siteStory } from './relying_parties/site_story.mjs';
import { Authlib, ModAuthOpenidc } from './relying_parties/sites.mjs';

// What a site is has nothing to do with the database.
const SITES = { sqlite: [ModAuthOpenidc, Authlib], postgres: [] };

for (const [database, sites] of Object.entries(SITES)) {
  test(`applications by OpenID Connect with sites and a library that are not ours, on ${database}`, async (t) => {
    const scene = await Scene.open(database);
    t.after(() => scene.close());
    await scene.populate();
    const step = stepsOf(t, scene);
    await story(scene, step, 'Wiki', 'confidential');
    await story(scene, step, 'Chat', 'confidential', ClientSecretPost);
    await story(scene, step, 'Phone', 'public');
    for (const Kind of sites) await siteStory(scene, step, Kind);
    await step('nothing was complained about, and no secret is in the log', async () => {
      assert.deepEqual(scene.world.complaints(), []);
      assert.deepEqual(scene.world.secrets.in(scene.world.server.logs), []);
      assert.match(await scene.world.server.command('audit', 'verify'), /^The log is whole/);
    });
  });
}
