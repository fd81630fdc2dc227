import { test } from 'node:test';
import { Scene } from './devices/scene.mjs';
import { stepsOf } from './lib/steps.mjs';
import { WindowsAgent } from './windows/agent.mjs';
import { asking } from './windows/asking.mjs';
import { away } from './windows/away.mjs';
import { afterCommands, commands } from './windows/commands.mjs';
import { installing, removing } from './windows/installing.mjs';
import { Logons } from './windows/logons.mjs';
import { Windows } from './windows/machine.mjs';
import { policies } from './windows/policies.mjs';

test('a Windows device, from the MSI to its removal', async (t) => {
  const scene = await Scene.open('sqlite', { machine: Windows, agent: WindowsAgent, logins: Logons, host: 'localhost' });
  // What an ended story left installed would be in the way of the next one.
  t.after(async () => { await scene.agent.remove().catch(() => {}); await scene.close(); });
  const step = stepsOf(t, scene);
  await installing(scene, step);
  const people = await asking(scene, step);
  await policies(scene, step);
  await commands(scene, step);
  await away(scene, step, people);
  await afterCommands(scene, step);
  await removing(scene, step);
});
