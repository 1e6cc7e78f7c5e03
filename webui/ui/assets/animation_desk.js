// What is done to schedules in the plot: their texts in the form are changed, and changed back.
import { readKeys, withFrame, withKey, withValue, withWay, withoutKey, written } from "./animation_keys.js";
import { valueAt } from "./animation_plot.js";

const SOON = 1000; // milliseconds within which changes of one kind are one step back
const MOST = 200;

/** Steps back and forth over the texts of the form. `onChange()` after each. */
export function historyOf(form, onChange) {
  let [done, undone] = [[], []];
  const put = (from, to, side) => {
    const step = from.pop();
    if (!step) return;
    to.push(step);
    form.set(step.place, step[side]);
    onChange();
  };
  return {
    /** mark: changes that follow each other soon with the same mark are one step. */
    set: (place, after, mark) => {
      const before = form.value(place);
      if (before === after) return;
      const last = done.at(-1);
      if (last && mark && last.mark === mark && (last.held || Date.now() - last.time < SOON)) Object.assign(last, { after, time: Date.now() });
      else done = [...done, { place, before, after, mark, time: Date.now(), held: mark?.held }].slice(-MOST);
      undone = [];
      form.set(place, after);
      onChange();
    },
    undo: () => put(done, undone, "before"),
    redo: () => put(undone, done, "after"),
    can: () => [done.length > 0, undone.length > 0],
  };
}

/**
 * form: that holds the texts. clock(): what times and names in keys mean. native(): whether keys have ways and times.
 * state: { plan, active, picked, cursor, sources } of the timeline; of what is no field of the form a source tells the
 * text and keeps it: { owns(name), text(name), put(name, text, mark), values(name) }. onPick() when another key is picked.
 */
export function keysDesk(form, { clock, state, history, onPick }) {
  let group = null; // a drag is one step
  const fields = {
    text: name => String(form.value(`settings.${name}`) ?? ""),
    put: (name, text, mark) => history.set(`settings.${name}`, text, mark),
    values: name => state.plan?.curves[name],
  };
  const sourceOf = name => state.sources.find(one => one.owns(name)) ?? fields;
  const textOf = name => sourceOf(name).text(name);
  const keysOf = name => readKeys(textOf(name), clock()) ?? [];
  const keyAt = (name, frame) => keysOf(name).find(one => one.frame === frame);
  const pick = (name, frame) => {
    const same = state.picked?.name === name && state.picked.frame === frame && state.active === name;
    state.picked = frame === null ? null : { name, frame };
    state.active = name;
    if (!same) onPick();
  };
  const put = (name, text, frame, mark) => {
    state.picked = frame === null ? null : { name, frame };
    sourceOf(name).put(name, text, group ?? mark);
  };
  /** Where a key may stand: strictly between its neighbours, within the animation. */
  const free = (name, frame, to) => {
    const others = keysOf(name).map(one => one.frame);
    const at = others.indexOf(frame);
    const [low, high] = [Math.floor((others[at - 1] ?? -1) + 1), Math.ceil((others[at + 1] ?? Math.max(clock().frames, frame + 1)) - 1)];
    return low > high ? frame : Math.min(high, Math.max(low, to));
  };
  const valueNow = (name, frame) => {
    const curve = sourceOf(name).values(name);
    return (curve && valueAt(curve, state.plan.at, frame)) ?? keysOf(name)[0]?.number ?? 0;
  };
  const rounded = value => Number(written(value));

  return {
    pick,
    keysOf,
    keyAt,
    textOf,
    /** Returns the frame where the key is then; value null: it keeps its own. */
    move: (name, frame, to, value) => {
      let text = textOf(name);
      let key = keyAt(name, frame);
      if (!key) return frame;
      const wanted = to === frame ? frame : free(name, frame, to);
      if (value !== null && key.number !== null && rounded(value) !== key.number) text = withValue(text, key, value);
      if (wanted !== frame) text = withFrame(text, readKeys(text, clock()).find(one => one.frame === frame), wanted, clock());
      key = readKeys(text, clock())?.find(one => Math.abs(one.frame - wanted) < 0.5);
      put(name, text, key?.frame ?? wanted, `move ${name}`);
      return key?.frame ?? wanted;
    },
    /** value null: what the curve has there. */
    add: (frame, value) => {
      const name = state.active;
      if (!name) return;
      const there = keyAt(name, frame);
      if (there && value === null) return pick(name, frame);
      put(name, withKey(textOf(name), frame, value ?? valueNow(name, frame), clock()), frame);
    },
    remove: (name, frame) => {
      const key = keyAt(name, frame);
      const rest = key && withoutKey(textOf(name), key);
      if (!key || rest === textOf(name)) return;
      const keys = readKeys(rest, clock()) ?? [];
      const nearest = keys.reduce((best, one) => (Math.abs(one.frame - frame) < Math.abs(best.frame - frame) ? one : best), keys[0]);
      put(name, rest, nearest?.frame ?? null);
    },
    setValue: (name, frame, words) => keyAt(name, frame) && put(name, withValue(textOf(name), keyAt(name, frame), words), frame),
    setWay: (name, frame, way) => keyAt(name, frame) && put(name, withWay(textOf(name), keyAt(name, frame), way), frame),
    /** Several keys at once, as one step: [frame, value][]. */
    addAll: (name, rows) => {
      const text = rows.reduce((made, [frame, value]) => withKey(made, frame, value, clock()), textOf(name));
      put(name, text, state.picked?.frame ?? null);
    },
    /** What the schedule is at a frame, as far as that is known. */
    valueAt: valueNow,
    group: curve => (group = curve ? { held: true } : null),
  };
}
