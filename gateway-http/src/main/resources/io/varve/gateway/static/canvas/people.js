// A client id is 43 characters nobody can tell apart; people get a name and a hue made from it.

const KINDS = ['Amber', 'Brisk', 'Calm', 'Clever', 'Coral', 'Dapper', 'Early', 'Fern', 'Gentle', 'Golden',
  'Hazel', 'Jolly', 'Keen', 'Lucky', 'Merry', 'Misty', 'Nimble', 'Olive', 'Patient', 'Quiet', 'Rapid',
  'Rosy', 'Sandy', 'Silver', 'Sunny', 'Swift', 'Tidy', 'Velvet', 'Warm', 'Wild', 'Witty', 'Young'];
const ANIMALS = ['Badger', 'Beaver', 'Bison', 'Crane', 'Curlew', 'Dolphin', 'Falcon', 'Ferret', 'Finch', 'Fox',
  'Gecko', 'Hare', 'Heron', 'Ibex', 'Jackdaw', 'Kestrel', 'Lark', 'Lynx', 'Marten', 'Newt', 'Otter', 'Owl',
  'Panda', 'Plover', 'Puffin', 'Raven', 'Robin', 'Seal', 'Stoat', 'Swan', 'Tapir', 'Wren'];

// FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) >>> 0;
}

/** A friendly name: the same for a client id on every screen. Two clients may share one. */
export function personName(clientId) {
  const h = hash(clientId);
  return `${KINDS[h & 31]} ${ANIMALS[(h >>> 5) & 31]}`;
}

/** The person's colour, as a CSS colour white text can be read on. */
export function personColour(clientId) {
  return `hsl(${hash(clientId) % 360} 62% 38%)`;
}

/** Two letters for a face. */
export function initials(clientId) {
  return personName(clientId).split(' ').map((w) => w[0]).join('');
}
