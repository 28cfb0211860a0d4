package io.varve.gateway.pages;

/** Something to look at: a lake, hills and a boat at sunset, in 64 by 64 cells. */
final class Picture {
  private static final String DRAW =
      """
      const { paint } = await import('/canvas/canvas.js');
      const bump = (x, at, wide, high) => high * Math.exp(-((x - at) ** 2) / wide);
      for (let y = 0; y < 64; y++) {
        for (let x = 0; x < 64; x++) {
          const hill = 30 - bump(x, 18, 130, 9) - bump(x, 47, 90, 13) + Math.sin(x / 3);
          const near = 37 - bump(x, 5, 90, 5) - bump(x, 60, 120, 4) + Math.sin(x / 2.2);
          let c;
          if (y > 57 + Math.sin(x / 4)) c = '#7b4a2d';
          else if (y > 54 + Math.sin(x / 4 + 1)) c = '#d8a36c';
          else if (y >= 38) {
            c = y > 48 ? '#1e2f6e' : '#2f6fed';
            if ((y + Math.floor(Math.sin(x / 5 + y) * 2)) % 5 === 0) c = y > 48 ? '#2f6fed' : '#7cc4fb';
            if (Math.abs(x - 32) < 7 - (y % 3) * 2 && y % 2 === 0 && y < 50) c = '#fcd34d';
          } else if (y > near) c = '#1d6b3c';
          else if (y > hill) c = y < hill + 2.5 && hill < 23 ? '#ffffff' : '#8447d6';
          else if ((x - 32) ** 2 + (y - 20) ** 2 < 52) c = '#fcd34d';
          else c = y < 8 ? '#c9b4f5' : y < 15 ? '#f9d2b0' : y < 22 ? '#f7b27e' : '#f77f2e';
          paint(x, y, c);
        }
      }
      for (let i = 0; i < 9; i++) paint(12 + i, 44, '#7b4a2d');
      for (let i = 1; i < 8; i++) paint(12 + i, 45, '#7b4a2d');
      for (let h = 0; h < 8; h++) {
        paint(16, 43 - h, '#1c1b22');
        for (let w = 1; w <= Math.min(h === 7 ? 0 : 5, 6 - h * 0.7); w++) paint(16 + w, 42 - h, '#ffffff');
        for (let w = 1; w < 4 - h * 0.5; w++) paint(16 - w, 42 - h, '#e5383b');
      }
      """;

  private Picture() {}

  /** Paints it, cell by cell, as a person would with much patience. */
  static void paint(Browser browser) {
    browser.run(DRAW);
  }

  /** Waits until the page has drawn what it was last told. */
  static void painted(Browser browser) {
    browser.run(
        "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }
}
