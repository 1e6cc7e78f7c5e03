// The pictures of a job as far as they are known here: of thousands the server tells the last ones, the others page by page.
// `slots` has one place a picture, in their order, and holes; `pictures` are those that are known.

const known = slots => {
  const pictures = slots.filter(Boolean); // leaves out holes
  if (new Set(pictures.map(one => one.id)).size < pictures.length) return all(pictures); // one came late and moved others
  return { slots, pictures, picture_count: slots.length };
};

/** These, each once, in their order. */
const all = pictures => {
  const once = [...new Map(pictures.map(one => [one.id, one])).values()].sort((a, b) => a.index - b.index);
  return { slots: once, pictures: once, picture_count: once.length };
};

const put = (slots, first, pictures) => pictures.forEach((one, i) => (slots[first + i] = one));

/** A job as the server told it: its pictures are the last of `picture_count`. With what was known of it before. */
export function told(job, before = []) {
  const count = Math.max(job.picture_count ?? 0, job.pictures.length);
  const slots = before.slice();
  if (count === job.pictures.length && !slots.includes(undefined)) return { ...job, ...all([...slots, ...job.pictures]) };
  slots.length = Math.max(slots.length, count);
  put(slots, count - job.pictures.length, job.pictures);
  return { ...job, ...known(slots) };
}

/** The job with one more picture, or another state of one. */
export function withPicture(job, picture) {
  const slots = job.slots.slice();
  const there = slots.findIndex(one => one?.id === picture.id);
  if (there >= 0) slots[there] = picture;
  else slots.splice(slots.findLastIndex(one => one && one.index < picture.index) + 1, 0, picture);
  return { ...job, ...known(slots) };
}

/** The job with a page of its pictures. */
export function withPage(job, first, { total, pictures }) {
  const slots = job.slots.slice();
  slots.length = Math.max(slots.length, total);
  put(slots, first, pictures);
  return { ...job, ...known(slots) };
}
