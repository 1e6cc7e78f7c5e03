// What a form's request would need of memory, said before it is sent; nothing where all fits as it is.
import { post } from "./api.js";
import { h, say } from "./dom.js";
import { follow, live } from "./live.js";
import { requestOf } from "./request.js";
import { local } from "./text.js";

const PAUSE = 500; // milliseconds without a change, after which the server is asked

export function memoryLine(form) {
  const element = h("p.memory", { role: "status", hidden: true });
  let timer = 0;
  let asked = "";

  const ask = async () => {
    const request = requestOf(form, form.key);
    const mine = (asked = JSON.stringify(request));
    const answer = await post("/estimate", request).catch(() => null); // Generate will tell what is wrong
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
