// Runs before the first paint, so that a chosen appearance does not flash.
(() => {
  let theme = 'auto';
  try {
    const kept = localStorage.getItem('varve-theme');
    if (kept === 'light' || kept === 'dark') theme = kept;
  } catch {
    // Storage may be refused; the system's appearance is used then.
  }
  document.documentElement.dataset.theme = theme;
})();
