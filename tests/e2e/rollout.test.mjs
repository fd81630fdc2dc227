import { test } from 'node:test';
import { stepsOf } from './lib/steps.mjs';
import { World } from './lib/world.mjs';
import { crashes } from './rollout/crashes.mjs';
import { story } from './rollout/story.mjs';

for (const database of ['sqlite', 'postgres']) {
  test(`rolling MFA out to a thousand users on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    await story(world, stepsOf(t, world));
  });

  test(`a job that is killed again and again ends complete, each mail once, on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    t.diagnostic(await crashes(world));
  });
}
