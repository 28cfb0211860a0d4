// Server-Sent Events over fetch: unlike the browser's EventSource it can send a token, and it tells
// why a stream was refused. The format is the HTML standard's, section 9.2.

// One line and one event are bounded: an event of the log is at most about 1.5 MiB as JSON.
const MAX_CHARACTERS = 8 << 20;

/** Cuts a stream of text into messages `{event, data, id?, retry?}`. */
export class SseParser {
  #rest = '';
  #data = [];
  #size = 0;
  #event = '';
  #id;
  #afterCr = false;
  #first = true;

  constructor(onMessage) {
    this.onMessage = onMessage;
  }

  push(chunk) {
    let text = chunk;
    if (this.#first && text.length > 0) {
      this.#first = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    // A line feed that belongs to a carriage return at the end of the last chunk.
    if (this.#afterCr && text.startsWith('\n')) text = text.slice(1);
    if (text.length > 0) this.#afterCr = false;
    text = this.#rest + text;
    let start = 0;
    for (let end = next(text, start); end >= 0; end = next(text, start)) {
      this.#line(text.slice(start, end));
      start = end + 1;
      if (text[end] === '\r') {
        if (start === text.length) this.#afterCr = true;
        else if (text[start] === '\n') start++;
      }
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > MAX_CHARACTERS) throw new Error('a line of the stream is too long');
  }

  #line(line) {
    if (line === '') {
      if (this.#data.length > 0 || this.#event) {
        this.onMessage({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      }
      this.#data = [];
      this.#size = 0;
      this.#event = '';
      this.#id = undefined;
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === 'data') {
      this.#size += value.length;
      if (this.#size > MAX_CHARACTERS) throw new Error('an event of the stream is too long');
      this.#data.push(value);
    } else if (name === 'event') {
      this.#event = value;
    } else if (name === 'id' && !value.includes('\0')) {
      this.#id = value;
    } else if (name === 'retry' && /^\d+$/.test(value)) {
      this.onMessage({ event: 'retry', data: value, id: undefined });
    }
  }
}

function next(text, from) {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || c === 13) return i;
  }
  return -1;
}
