// What a form's request would need of memory, said before it is sent; nothing where all fits as it is.
import { post } from "./api.js";
import { h, say } from "./dom.js";
import { follow, live } from "./live.js";
import { requestOf } from "./request.js";
import { local } from "./text.js";

const PAUSE = 500; // milliseconds without a change, after which the server is asked

/** request(): what the form asks for. */
export function memoryLine(form, request = () => requestOf(form, form.key)) {
  const element = h("p.memory", { role: "status", hidden: true });
  let timer = 0;
  let asked = "";

  const ask = async () => {
    const values = request();
    const mine = (asked = JSON.stringify(values));
    const answer = await post("/estimate", values).catch(() => null); // Generate will tell what is wrong
    if (mine !== asked) return; // overtaken
    const sentence = local(answer?.sentence);
    say(element, sentence);
    element.hidden = !sentence;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  form.onChange(later);
  let state = "";
  follow(() => {
    if (live.worker.state === state) return; // memory changes with what the worker does
    state = live.worker.state;
    if (state === "ready") later();
  });
  return element;
}
