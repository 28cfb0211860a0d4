// TEST CODE: one tab's worth of a page: it shares its browser's buffer with the other frames.
import { openVarve } from '/varve-local.js';

window.errors = [];
window.varve = await openVarve({ name: 'tabs', onError: (error) => window.errors.push(error.message), timing: { backoffMaxMs: 300 } });
window.cells = window.varve.source('s');
window.count = window.varve.source('s', { reduce: (n) => n + 1, initial: 0 });
await window.cells.ready;
window.opened = true;
