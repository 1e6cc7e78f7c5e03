// Events from the server: one connection, renewed for ever. Runs in a SharedWorker or in a page.

const API = "/api/v1";
const pause = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/** Calls tell({ link }) with "online" (and `build`), "lost" or "login", and tell({ event, id }). */
export async function run(tell, signal = new AbortController().signal) {
  for (let wait = 0.5; !signal.aborted; wait = Math.min(5, wait * 2)) {
    const hello = await greet();
    if (hello.link === "online") {
      wait = 0.5;
      await listen(hello, tell, signal);
    } else tell(hello);
    if (!signal.aborted) await pause(wait);
  }
}

async function greet() {
  try {
    const [state, build] = await Promise.all(
      [`${API}/state`, "/own/build"].map(url => fetch(url, { cache: "no-store" })),
    );
    if (state.status === 401) return { link: "login" };
    if (!state.ok || !build.ok) return { link: "lost" };
    return { link: "online", build: await build.text(), last: (await state.json()).last };
  } catch {
    return { link: "lost" };
  }
}

/** Ends when the connection does. */
function listen({ link, build, last }, tell, signal) {
  return new Promise(end => {
    const source = new EventSource(`${API}/events?after=${last}`);
    const stop = () => {
      source.close();
      end();
    };
    source.onopen = () => tell({ link, build });
    source.onmessage = message => tell({ event: JSON.parse(message.data), id: Number(message.lastEventId) });
    source.onerror = stop;
    signal.addEventListener("abort", stop, { once: true });
  });
}
