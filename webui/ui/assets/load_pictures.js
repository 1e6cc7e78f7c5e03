// Pages of a job's pictures, fetched where they are to be seen.
import { get } from "./api.js";
import { withPage } from "./known_pictures.js";
import { change } from "./live.js";

const PAGE = 100;
const coming = new Map(); // page -> its promise

/** Fetch the picture of a job at this place in their order, and those about it. */
export function loadPictures(id, place) {
  const first = Math.floor(place / PAGE) * PAGE;
  const name = `${id} ${first}`;
  if (!coming.has(name)) {
    const page = get(`/jobs/${id}/pictures?first=${first}&count=${PAGE}`).then(made => change(id, job => withPage(job, first, made)));
    coming.set(name, page.finally(() => coming.delete(name)));
  }
  return coming.get(name);
}
