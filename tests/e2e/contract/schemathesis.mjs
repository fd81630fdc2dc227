import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configuration } from './configuration.mjs';

const SEED = 20_261_122;
const CALLS = 20;
const MOST_SHOWN = 12_000;
const CHECKS = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'];

function program() {
  const path = process.env.CLAVIGER_SCHEMATHESIS;
  if (!path) throw new Error('CLAVIGER_SCHEMATHESIS is missing: set it to the path of schemathesis.');
  return path;
}

/** Calls every operation in many ways and gives the last lines of the report; a finding is a failure. */
export async function schemathesis(world, { key, ids }) {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-contract-'));
  try {
    const file = join(folder, 'schemathesis.toml');
    writeFileSync(file, configuration(ids));
    const words = [
      '--config-file', file, 'run', `${world.server.url}/api/v1/openapi.json`,
      '--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--mode', 'all',
      '--max-examples', String(CALLS), '--seed', String(SEED), '--generation-database', 'none',
      '--request-timeout', '20', '--suppress-health-check', 'all', '--continue-on-failure', '--no-color',
    ];
    const run = spawn(program(), words, {
      cwd: folder, env: { PATH: process.env.PATH, HOME: folder, CLAVIGER_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let report = '';
    for (const stream of [run.stdout, run.stderr]) stream.setEncoding('utf8').on('data', (text) => { report += text; });
    const [code] = await once(run, 'exit');
    assert.equal(code, 0, `schemathesis found something:\n${report.replaceAll(key, '…').slice(-MOST_SHOWN)}`);
    return report.trim().split('\n').slice(-3).join('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
