import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pgDump, postgres, psql } from './environment.mjs';

function openSqlite(folder) {
  const name = 'claviger.db';
  return {
    url: `sqlite:${join(folder, name)}`,
    contents: () => Buffer.concat(
      readdirSync(folder).filter((file) => file.startsWith(name)).map((file) => readFileSync(join(folder, file))),
    ),
    drop: () => {},
  };
}

function openPostgres() {
  const schema = `e2e_${randomBytes(6).toString('hex')}`;
  const sql = (text) => execFileSync(psql, ['--quiet', '--no-psqlrc', '-d', postgres, '-c', text], { stdio: ['ignore', 'ignore', 'pipe'] });
  sql(`CREATE SCHEMA ${schema}`);
  return {
    url: `${postgres}?options=-csearch_path%3D${schema}`,
    contents: () => execFileSync(pgDump, ['-d', postgres, '--schema', schema], { maxBuffer: 2 ** 28 }),
    drop: () => sql(`SET client_min_messages = error; DROP SCHEMA ${schema} CASCADE`),
  };
}

/** An empty database of its own: where it is, what lies in it byte by byte, and its end. */
export const openDatabase = (kind, folder) => (kind === 'postgres' ? openPostgres() : openSqlite(folder));
