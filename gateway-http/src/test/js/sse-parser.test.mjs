import test from 'node:test';
import assert from 'node:assert/strict';
import { SseParser } from '../../main/resources/io/varve/gateway/static/varve-local.js';

function parse(pieces) {
  const seen = [];
  const parser = new SseParser({
    onMessage: (message) => seen.push(message),
    onRetry: (ms) => seen.push({ retry: ms }),
    onComment: (text) => seen.push({ comment: text }),
  });
  for (const piece of pieces) parser.push(piece);
  return seen;
}
const bytes = (text) => new TextEncoder().encode(text);

const TEXT =
  '\ufeffretry: 1500\r\n\r\nevent: hello\r\ndata: {"a":1}\r\n\r\n: heartbeat\n\nid: 7\ndata: zwölf € 🎨\ndata:  two\n\n' +
  'data\r\rid: 8\rdata:x\r\revent: lost\n\nid: a\0b\ndata: y\n\nretry: 1x\nunknown: z\ndata:\n\ndata: cut';
const EXPECTED = [
  { retry: 1500 },
  { type: 'hello', data: '{"a":1}', id: '' },
  { comment: ' heartbeat' },
  { type: 'message', data: 'zwölf € 🎨\n two', id: '7' },
  { type: 'message', data: '', id: '7' },
  { type: 'message', data: 'x', id: '8' },
  { type: 'message', data: 'y', id: '8' },
  { type: 'message', data: '', id: '8' },
];

test('takes a stream in one piece', () => assert.deepEqual(parse([bytes(TEXT)]), EXPECTED));

test('takes a stream byte by byte', () => {
  assert.deepEqual(parse(Array.from(bytes(TEXT), (b) => Uint8Array.of(b))), EXPECTED);
});

test('takes a stream split into three pieces in every way', () => {
  const all = bytes(TEXT);
  for (let i = 0; i <= all.length; i++) {
    for (let j = i; j <= all.length; j++) {
      assert.deepEqual(parse([all.subarray(0, i), all.subarray(i, j), all.subarray(j)]), EXPECTED, `split at ${i} and ${j}`);
    }
  }
});

test('dispatches a message as soon as its blank line is there, also when a line feed may follow', () => {
  assert.deepEqual(parse([bytes('data: a\r\n\r')]), [{ type: 'message', data: 'a', id: '' }]);
});

test('does not take a message without end', () => {
  const parser = new SseParser({});
  const piece = bytes('data: ' + 'x'.repeat(1024 * 1024) + '\n');
  assert.throws(() => {
    for (let i = 0; i < 20; i++) parser.push(piece);
  }, /longer than/);
});
