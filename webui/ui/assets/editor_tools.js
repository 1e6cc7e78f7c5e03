// The bars of the editor: every button has a name, a tooltip that tells its key, and does one act.
import { h, iconButton, newId } from "./dom.js";
import { t } from "./text.js";

/** A slider with its name; `read()` and `write(value)` its value, `words(value)` how it is told. */
function slider(name, label, { min, max, step, read, write, words }) {
  const id = newId();
  const said = h("output", { for: id });
  const input = h("input.slider", { id, type: "range", min, max, step });
  const follow = () => {
    input.value = read();
    input.style.setProperty("--share", (read() - min) / (max - min));
    said.textContent = words();
    input.setAttribute("aria-valuetext", words());
  };
  input.addEventListener("input", () => (write(Number(input.value)), follow()));
  const element = h("div.knob", { "data-knob": name }, h("label", { for: id }, label), input, said);
  return { element, follow };
}

const named = (label, key) => (key ? t("ui.editor.with_key", { label, key }) : label);

/** A button of the bar. Its act may be asked for by key, too. */
function act(button, id, label, key) {
  button.dataset.act = id;
  button.title = named(label, key);
  return button;
}

const group = (label, ...parts) => h("div.group", { role: "group", "aria-label": label }, ...parts);

/** Tools to choose between. */
function tools(sketch, choose) {
  const make = (id, button, label, key) => act(button, id, label, key);
  const label = id => t(`ui.editor.tool.${id}`);
  const press = id => () => choose(id);
  const brush = iconButton("brush", label("brush"), press("brush"));
  const eraser = iconButton("eraser", label("eraser"), press("eraser"));
  const box = iconButton("rectangle", label("rectangle"), press("rectangle"));
  const lasso = iconButton("lasso", label("lasso"), press("lasso"));
  const hand = iconButton("hand", label("hand"), press("hand"));
  const buttons = [
    make("brush", brush, label("brush"), "B"),
    make("eraser", eraser, label("eraser"), "E"),
    make("rectangle", box, label("rectangle"), "R"),
    make("lasso", lasso, label("lasso"), "L"),
  ];
  if (sketch) {
    const pick = iconButton("pick", label("pick"), press("pick"));
    buttons.push(make("pick", pick, label("pick"), "P"));
  }
  buttons.push(make("hand", hand, label("hand"), "H"));
  return buttons;
}

/** The bar above the view, for painting: { element, follow(drawing, shown) }. */
export function paintBar({ sketch, options, acts, size }) {
  const choices = tools(sketch, acts.choose);
  const percent = value => `${Math.round(value * 100)} %`;
  const share = (name, label) =>
    slider(name, label, {
      min: 0,
      max: 1,
      step: 0.01,
      read: () => options[name],
      write: value => acts.set({ [name]: value }),
      words: () => percent(options[name]),
    });
  const knobs = [
    slider("size", t("ui.editor.size"), { min: 0, max: 1, step: 0.005, ...size }),
    share("softness", t("ui.editor.softness")),
  ];
  const colour = h("input.colour", {
    type: "color",
    "aria-label": t("ui.editor.colour"),
    title: t("ui.editor.colour"),
    oninput: () => acts.set({ colour: colour.value }),
  });
  if (sketch) knobs.push(share("opacity", t("ui.editor.opacity")));
  const turns = steps(sketch, acts);
  const element = h(
    "div.tools-bar",
    { role: "toolbar", "aria-label": t("ui.editor.paint"), hidden: true },
    group(t("ui.editor.tools"), choices, sketch ? colour : null),
    h("div.knobs", {}, ...knobs.map(knob => knob.element)),
    group(t("ui.editor.steps"), ...turns),
  );
  const follow = (drawing, shown) => {
    for (const button of choices) button.ariaPressed = String(button.dataset.act === options.tool);
    const idle = { undo: !drawing?.done.length, redo: !drawing?.undone.length };
    idle.wipe = idle.save = !drawing || drawing.plane.empty;
    // Not disabled: the keyboard would lose its place.
    for (const button of turns) button.ariaDisabled = String(Boolean(idle[button.dataset.act]));
    turns[0].ariaPressed = String(!shown);
    for (const knob of knobs) knob.follow();
    colour.value = options.colour;
  };
  return { element, follow };
}

function steps(sketch, acts) {
  const wipe = t(sketch ? "ui.editor.clear_paint" : "ui.editor.clear_mask");
  const undo = t("ui.undo");
  const redo = t("ui.editor.redo");
  const buttons = [
    act(iconButton("undo", undo, acts.undo), "undo", undo, "Ctrl+Z"),
    act(iconButton("redo", redo, acts.redo), "redo", redo, "Ctrl+Shift+Z"),
    act(iconButton("wipe", wipe, acts.wipe), "wipe", wipe, "Delete"),
  ];
  const [invert, load, save] = ["invert", "load_mask", "save_mask"].map(id => t(`ui.editor.${id}`));
  if (!sketch)
    buttons.push(
      act(iconButton("invert", invert, acts.invert), "invert", invert, "I"),
      act(iconButton("upload", load, acts.loadMask), "load", load),
      act(iconButton("download", save, acts.saveMask), "save", save),
    );
  const hide = t("ui.editor.hide");
  return [act(iconButton("eye", hide, acts.toggle), "hide", hide, "X"), ...buttons];
}

/** The bar below the view: { element, follow(lens) }. */
export function viewBar(acts) {
  const say = id => t(`ui.editor.${id}`);
  const actual = h("button.quiet.scale", { type: "button", "aria-label": say("actual"), onclick: acts.actual });
  const place = h("span.place");
  const full = act(iconButton("full", say("full"), () => acts.full()), "full", say("full"), "F");
  const element = h(
    "div.view-bar",
    { role: "toolbar", "aria-label": say("view"), hidden: true },
    group(
      say("zoom"),
      act(iconButton("minus", say("zoom_out"), acts.zoomOut), "out", say("zoom_out"), "−"),
      act(actual, "actual", say("actual"), "1"),
      act(iconButton("plus", say("zoom_in"), acts.zoomIn), "in", say("zoom_in"), "+"),
      act(iconButton("fit", say("fit"), acts.fit), "fit", say("fit"), "0"),
      full,
    ),
    place,
    group(
      say("picture"),
      act(iconButton("picture", say("choose"), acts.choosePicture), "choose", say("choose")),
      act(iconButton("close", say("remove"), acts.remove), "remove", say("remove")),
    ),
  );
  const follow = lens => {
    if (!lens.picture) return;
    actual.textContent = `${Math.round(lens.scale * devicePixelRatio * 100)} %`;
    place.textContent = `${lens.picture.width} × ${lens.picture.height}`;
  };
  return { element, full, follow };
}
