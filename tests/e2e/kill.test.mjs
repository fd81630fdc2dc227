import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crash } from './kill/crash.mjs';
import { World } from './lib/world.mjs';

const KILLS = { sqlite: 150, postgres: 50 };

for (const [database, kills] of Object.entries(KILLS)) {
  test(`killed ${kills} times while people enroll and sign in, nothing told is lost and no code counts twice, on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    const crash = await Crash.prepare(world);
    for (let kill = 1; kill <= kills; kill += 1) await crash.happens(kill);
    t.diagnostic(crash.summary);
    assert.match(await world.server.command('audit', 'verify'), /^The log is whole/);
    assert.ok(crash.told > kills / 2, `too little was going on: ${crash.summary}`);
  });
}
