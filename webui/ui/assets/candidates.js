// Results that nobody has decided about yet: accepted, kept or discarded. Remembered by this browser.
import { recall, remember } from "./store.js";

const MOST = 500;

export function candidates(key) {
  const jobs = new Set(recall(`${key}.candidates`) ?? []);
  const discarded = new Set(recall(`${key}.discarded`) ?? []);
  const keep = () => {
    remember(`${key}.candidates`, [...jobs].slice(-MOST));
    remember(`${key}.discarded`, [...discarded].slice(-MOST));
  };
  return {
    has: picture => jobs.has(picture.job) && !discarded.has(picture.id),
    isDiscarded: picture => discarded.has(picture.id),
    await: job => {
      jobs.add(job.id);
      keep();
    },
    /** All that there are have been decided about. */
    settle: () => {
      jobs.clear();
      keep();
    },
    /** Seen no more; returns the way back. */
    discard: picture => {
      discarded.add(picture.id);
      keep();
      return () => {
        discarded.delete(picture.id);
        keep();
      };
    },
  };
}
