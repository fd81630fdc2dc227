// Runs the files named, CLAVIGER_AT_ONCE at once, those that take longest first: the last one should not be alone for long.
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const LONGEST = [
  'rollout', 'pages', 'applications', 'kill', 'contract', 'main_job', 'pages_admin', 'bad_input', 'administrators',
  'devices', 'devices_killed', 'devices_trials',
];
const AT_ONCE = Number(process.env.CLAVIGER_AT_ONCE ?? 2);

const place = (file) => {
  const found = LONGEST.indexOf(basename(file, '.test.mjs'));
  return found < 0 ? LONGEST.length : found;
};

const files = process.argv.slice(2).sort((one, other) => place(one) - place(other) || one.localeCompare(other));
run({ files, concurrency: AT_ONCE })
  .on('test:fail', () => { process.exitCode = 1; })
  .compose(new spec())
  .pipe(process.stdout);
