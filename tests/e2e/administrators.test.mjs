import { test } from 'node:test';
import { globalRequirement } from './administrators/global_requirement.mjs';
import { lostPhone } from './administrators/lost_phone.mjs';
import { withoutMfa } from './administrators/without_mfa.mjs';
import { stepsOf } from './lib/steps.mjs';
import { World } from './lib/world.mjs';
import { firstRun } from './main_job/first_run.mjs';
import { nothingGivenAway } from './main_job/nothing_given_away.mjs';

for (const database of ['sqlite', 'postgres']) {
  test(`administrators and their MFA on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    const step = stepsOf(t, world);
    const ada = await firstRun(world, step);
    const bob = await withoutMfa(world, step, ada);
    await lostPhone(world, step, { ada, bob });
    await globalRequirement(world, step, { ada, bob });
    await nothingGivenAway(world, step);
  });
}
