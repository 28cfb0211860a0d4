// Finding a position by time: recorded times never run backwards, so halving finds the place in
// about 30 reads however long the log is.

/** The first position recorded at or after a time (ms since 1970); null if there is none yet. */
export async function positionAt(api, ms, signal) {
  const { head } = await api.get('head', {}, { signal });
  let low = 1;
  let high = head + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const event = await api.get(`events/${middle}`, {}, { signal });
    if (Date.parse(event.recorded) >= ms) high = middle;
    else low = middle + 1;
  }
  return low > head ? null : low;
}
