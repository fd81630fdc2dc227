import { test } from 'node:test';
import { accounts } from './devices/accounts.mjs';
import { changes } from './devices/changes.mjs';
import { clocks } from './devices/clocks.mjs';
import { codes } from './devices/codes.mjs';
import { consoles } from './devices/consoles.mjs';
import { enabledByTheApi, enabledInThePortal } from './devices/enabling.mjs';
import { hostile } from './devices/hostile.mjs';
import { installing } from './devices/installing.mjs';
import { nothingKept } from './devices/nothing_kept.mjs';
import { offline } from './devices/offline.mjs';
import { policies } from './devices/policies.mjs';
import { Scene } from './devices/scene.mjs';
import { shells } from './devices/shells.mjs';
import { uninstalling } from './devices/uninstalling.mjs';
import { stepsOf } from './lib/steps.mjs';

for (const database of ['sqlite', 'postgres']) {
  test(`a Linux device on ${database}, from the package to its removal`, async (t) => {
    const scene = await Scene.open(database);
    t.after(() => scene.close());
    const step = stepsOf(t, scene);
    await installing(scene, step);
    const people = await accounts(scene, step);
    await (database === 'sqlite' ? enabledInThePortal : enabledByTheApi)(scene, step, people);
    await shells(scene, step, people);
    await consoles(scene, step, people);
    await codes(scene, step, people);
    t.diagnostic(await changes(scene, step, people));
    await policies(scene, step);
    await offline(scene, step, people);
    if (database === 'sqlite') {
      await hostile(scene, step, people);
      await clocks(scene, step, people);
    }
    await nothingKept(scene, step, people);
    await uninstalling(scene, step, people);
  });
}
