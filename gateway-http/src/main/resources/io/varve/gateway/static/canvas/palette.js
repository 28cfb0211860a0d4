// The colours on offer. Their order is part of the keyboard: digits 1 to 9 and 0 choose the first ten.

/** Name and value of each colour; an event may carry the index instead of the value. */
export const COLOURS = Object.freeze([
  ['Ink', '#1c1b22'], ['White', '#ffffff'], ['Red', '#e5383b'], ['Orange', '#f77f2e'],
  ['Yellow', '#fcd34d'], ['Green', '#35a853'], ['Teal', '#17a2a2'], ['Blue', '#2f6fed'],
  ['Purple', '#8447d6'], ['Pink', '#f06ba8'], ['Slate', '#5c6675'], ['Silver', '#b9c0ca'],
  ['Maroon', '#8c1c2c'], ['Brown', '#7b4a2d'], ['Tan', '#d8a36c'], ['Peach', '#f9d2b0'],
  ['Lemon', '#fff3a3'], ['Lime', '#a3d84e'], ['Forest', '#1d6b3c'], ['Mint', '#a8ead5'],
  ['Sky', '#7cc4fb'], ['Navy', '#1e2f6e'], ['Lilac', '#c9b4f5'], ['Magenta', '#c2267f'],
]);

/** The colour of a cell nobody painted: the same in light and dark, since the picture is shared. */
export const PAPER = '#faf7f0';

const NAMES = new Map(COLOURS.map(([name, value]) => [value, name]));

/** The colour an event's data names, as '#rrggbb', or null when it names none. */
export function colourOf(data) {
  const c = data?.c;
  if (Number.isInteger(c) && c >= 0 && c < COLOURS.length) return COLOURS[c][1];
  return typeof c === 'string' && /^#[0-9a-fA-F]{6}$/.test(c) ? c.toLowerCase() : null;
}

/** What to call a colour in words. */
export function nameOf(colour) {
  return colour === null ? 'empty' : (NAMES.get(colour) ?? colour);
}

/** Whether ink on this colour must be light. */
export function isDark(colour) {
  const n = parseInt(colour.slice(1), 16);
  return 0.299 * (n >> 16) + 0.587 * ((n >> 8) & 255) + 0.114 * (n & 255) < 140;
}
