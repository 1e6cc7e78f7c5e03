// A place where something of an extension should be, and why it is not.
import { h } from "./dom.js";
import { word } from "./text.js";

export function mount({ element, props }) {
  element.replaceChildren(h("p.problem", { role: "alert" }, word(props.problem)));
}
