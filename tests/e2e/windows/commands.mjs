import assert from 'node:assert/strict';
import { until } from '../lib/wait.mjs';

const FOLDER = 'C:\\ran';
const FOREVER = 'ping -n 600 127.0.0.1 >nul';

/** Commands run on the device (S9.2). wine has no PowerShell: what stands in its place hands the script to `cmd`. */
export async function commands(scene, step) {
  const { api, machine, agent, device } = scene;
  const run = async (name, lines, more = {}) => {
    const script = ['@echo off', ...lines, ''].join('\r\n');
    const { id } = await api.do('POST', '/commands', { name, shell: 'powershell', script, ...more });
    await api.do('PUT', `/commands/${id}/devices/${device}`);
    return api.do('POST', `/commands/${id}/run`, {});
  };
  const becomes = async ({ id }, state) => {
    const result = () => api.do('GET', `/command-runs/${id}/devices/${device}`);
    await until(`a run being ${state}`, async () => (await result()).state === state, 60);
    return result();
  };
  const began = (name) => until(`${name}`, async () => machine.exists('ran', name), 30);

  await step('a command runs as the service does, and output and exit code are told', async () => {
    await machine.run('cmd', ['/c', 'rd', '/s', '/q', FOLDER]);
    await api.do('PATCH', '/organization', { commands: true });
    const ended = await becomes(await run('Who', [`mkdir ${FOLDER}`, `echo x>>${FOLDER}\\once`, 'cd', 'echo to stderr>&2', 'exit 5']), 'exited');
    assert.deepEqual([ended.exit_code, ended.detail], [5, ''], JSON.stringify(ended));
    assert.match(ended.output, /^C:\\windows\\system32\nto stderr\n$/i);
    assert.equal(machine.read('ran', 'once'), 'x\r\n');
  });

  await step('one that takes too long, and one that is canceled, end with all that they started', async () => {
    const later = `start /b cmd /d /c "ping -n 9 127.0.0.1 >nul & echo x >${FOLDER}\\later"`;
    const ended = await becomes(await run('Long', ['echo begun', later, FOREVER], { timeout_seconds: 2 }), 'timed_out');
    assert.equal(ended.output, 'begun\n');
    const asked = await run('Canceled', [`echo x >${FOLDER}\\canceled`, later, FOREVER]);
    await began('canceled');
    await api.do('POST', `/command-runs/${asked.id}/cancel`);
    await becomes(asked, 'stopped');
  });

  await step('one that goes on while the service is stopped is called interrupted, and not run again', async () => {
    const asked = await run('Cut off', [`echo x>>${FOLDER}\\cut`, FOREVER, `echo x>>${FOLDER}\\cut`]);
    await began('cut');
    await agent.stop();
    await agent.start();
    await becomes(asked, 'interrupted');
    await api.do('PATCH', '/organization', { commands: false });
  });
}

/** Minutes later. */
export async function afterCommands(scene, step) {
  const { machine } = scene;

  await step('nothing that a command had started went on after it was ended', async () => {
    assert.equal(machine.read('ran', 'cut'), 'x\r\n');
    assert.equal(machine.exists('ran', 'later'), false);
    await machine.do('cmd', ['/c', 'rd', '/s', '/q', FOLDER]);
  });
}
