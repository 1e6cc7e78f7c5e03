// Jobs that events tell of before they are known here: those of another tab, of the shell, of a plot.
import { get } from "./api.js";

const PAUSE = 50; // milliseconds in which they gather
const FEW = 4; // that are asked for one by one

/** `ask(id)`: fetches a job, or everything where there are many. `take(job)`, `refresh()`: how they are kept. */
export function unknownJobs(take, refresh) {
  const ids = new Set();
  const fetchThem = () => {
    const wanted = [...ids];
    ids.clear();
    if (wanted.length > FEW) refresh();
    else for (const id of wanted) get(`/jobs/${id}`).then(take, () => {});
  };
  return id => {
    if (!ids.size) setTimeout(fetchThem, PAUSE);
    ids.add(id);
  };
}
