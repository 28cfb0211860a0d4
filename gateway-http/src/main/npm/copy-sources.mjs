// The module lives where the gateway serves it from. It is copied here while it is packed, and only then.
import { copyFileSync, rmSync } from 'node:fs';

const served = new URL('../resources/io/varve/gateway/static/', import.meta.url);
for (const name of ['varve-local.js', 'varve-local.d.ts']) {
  const copy = new URL(name, import.meta.url);
  if (process.argv.includes('--remove')) rmSync(copy, { force: true });
  else copyFileSync(new URL(name, served), copy);
}
