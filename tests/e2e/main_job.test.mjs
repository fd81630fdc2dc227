import { test } from 'node:test';
import { stepsOf } from './lib/steps.mjs';
import { World } from './lib/world.mjs';
import { deadline } from './main_job/deadline.mjs';
import { enrollment } from './main_job/enrollment.mjs';
import { firstRun } from './main_job/first_run.mjs';
import { livingWithMfa } from './main_job/living_with_mfa.mjs';
import { nothingGivenAway } from './main_job/nothing_given_away.mjs';
import { resetAndStatuses } from './main_job/reset_and_statuses.mjs';
import { sessions } from './main_job/sessions.mjs';
import { totpOff } from './main_job/totp_off.mjs';

for (const database of ['sqlite', 'postgres']) {
  test(`the main job on ${database}`, async (t) => {
    const world = await World.open({ database });
    t.after(() => world.close());
    const step = stepsOf(t, world);
    const ada = await firstRun(world, step);
    const alice = await enrollment(world, step, ada);
    await livingWithMfa(world, step, alice);
    const ben = await deadline(world, step, ada);
    await resetAndStatuses(world, step, { ada, alice, ben });
    await totpOff(world, step, { ada, alice });
    await sessions(world, step, { ada, alice });
    await nothingGivenAway(world, step);
  });
}
