// A classic script, so that it runs before the page is painted: no flash of the other theme.
(() => {
  try {
    const theme = localStorage.getItem('varve-console.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is switched off: as the system has it.
  }
})();
