import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiBodies } from './bad_input/api.mjs';
import { codes } from './bad_input/codes.mjs';
import { days } from './bad_input/days.mjs';
import { fields } from './bad_input/fields.mjs';
import { lateSetup, links } from './bad_input/links.mjs';
import { mailServer } from './bad_input/mail_server.mjs';
import { origins } from './bad_input/origins.mjs';
import { openScene } from './bad_input/scene.mjs';
import { strangers } from './bad_input/strangers.mjs';
import { World } from './lib/world.mjs';

const PARTS = {
  'from another origin': origins,
  'days to set MFA up': days,
  'fields of a form': fields,
  codes,
  'bodies of the API': apiBodies,
  'strangers at the door': strangers,
  links,
  'mail servers that are not to be trusted, or have soon enough': mailServer,
};

for (const database of ['sqlite', 'postgres']) {
  for (const [name, part] of Object.entries(PARTS)) {
    test(`bad input: ${name}, on ${database}`, async (t) => {
      const world = await World.open({ database });
      t.after(() => world.close());
      await part(t, await openScene(world));
      assert.deepEqual(world.complaints(), []);
      assert.deepEqual(world.secrets.in(world.server.logs), []);
    });
  }

  test(`bad input: a setup link that is late, and two browsers with one, on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    await lateSetup(t, world);
  });
}
