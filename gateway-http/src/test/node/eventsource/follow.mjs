// Follows a stream, prints each event's position and number, and ends after as many as asked for.
import { EventSource } from 'eventsource';

const [address, count] = process.argv.slice(2);
let heard = 0;
const source = new EventSource(address);
source.addEventListener('caught-up', () => console.log('caught-up'));
source.addEventListener('open', () => console.log('open'));
source.onmessage = (message) => {
  console.log(`event ${message.lastEventId} ${JSON.parse(message.data).position}`);
  if (++heard === Number(count)) {
    source.close();
  }
};
