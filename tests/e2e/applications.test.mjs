import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everywhere } from './applications/everywhere.mjs';
import { Mellon } from './applications/mellon.mjs';
import { Scene } from './applications/scene.mjs';
import { NodeSaml, Pysaml2, Python3Saml } from './applications/scripts.mjs';
import { Shibboleth } from './applications/shibboleth.mjs';
import { story } from './applications/story.mjs';
import { wishes } from './applications/wishes.mjs';
import { stepsOf } from './lib/steps.mjs';

// What a provider is has nothing to do with the database: on the other, one that posts and one that redirects will do.
const PROVIDERS = { sqlite: [Mellon, Shibboleth, Pysaml2, Python3Saml, NodeSaml], postgres: [Pysaml2, Mellon] };

for (const [database, providers] of Object.entries(PROVIDERS)) {
  test(`service providers that are not ours, on ${database}`, async (t) => {
    const scene = await Scene.open(database);
    t.after(() => scene.close());
    await scene.populate();
    const step = stepsOf(t, scene);
    for (const Kind of providers) {
      const provider = await story(scene, step, Kind);
      if (Kind === NodeSaml) await wishes(scene, provider, step);
    }
    await everywhere(scene, step);
    await step('nothing was complained about, and no secret is in the log', async () => {
      assert.deepEqual(scene.world.complaints(), []);
      assert.deepEqual(scene.world.secrets.in(scene.world.server.logs), []);
      assert.match(await scene.world.server.command('audit', 'verify'), /^The log is whole/);
    });
  });
}
