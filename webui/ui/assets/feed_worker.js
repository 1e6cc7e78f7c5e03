// SharedWorker: one connection for all tabs of a browser (HTTP/1.1 allows six to a host).
import { run } from "./feed.js";

const ports = new Set();
let link = null;

run(message => {
  if (message.link) link = message;
  for (const port of ports) port.postMessage(message);
});

self.onconnect = event => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => data === "bye" && ports.delete(port);
  ports.add(port);
  if (link) port.postMessage(link);
};
