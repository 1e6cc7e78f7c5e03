// Jobs that events tell of before they are known here: those of another tab, of the shell, of a plot; or of this
// page, where what became of one overtakes the answer that it was taken.
import { get } from "./api.js";

const PAUSE = 50; // milliseconds in which they gather
const FEW = 4; // that are asked for one by one

/**
 * `take(job)`, `refresh()`: how answers are kept; everything is asked for where there are many, or no answer came.
 * `ask(id)`: fetch a job. `lacks(id)`: whether the answer is still on its way; until then pictures of it may be missing.
 */
export function unknownJobs(take, refresh) {
  const ids = new Set();
  const asked = new Map(); // id -> answers on their way
  const fetchThem = () => {
    const wanted = [...ids];
    ids.clear();
    if (wanted.length > FEW) waitFor(wanted, refresh());
    else for (const id of wanted) waitFor([id], get(`/jobs/${id}`).then(take, refresh));
  };
  const waitFor = (wanted, answer) => {
    for (const id of wanted) asked.set(id, (asked.get(id) ?? 0) + 1);
    answer.finally(() => wanted.forEach(answered));
  };
  const answered = id => {
    const left = asked.get(id) - 1;
    if (left) asked.set(id, left);
    else asked.delete(id);
  };
  return {
    ask: id => {
      if (!ids.size) setTimeout(fetchThem, PAUSE);
      ids.add(id);
    },
    lacks: id => ids.has(id) || asked.has(id),
  };
}
