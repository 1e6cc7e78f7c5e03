// The list of models as the server has it: fetched in pieces, when they are looked at.
import { Refused, get } from "./api.js";
import { word } from "./text.js";

const PIECE = 100;
const AGAIN = 1000; // milliseconds, while the server still reads files

/** `onNews()` is called when something came, or the list is another one. */
export function modelPages(onNews) {
  let now = listing({});
  let asked = now;
  let timer = 0;

  const fetchPiece = async (list, at, fresh = false) => {
    list.pieces.set(at, null);
    try {
      const page = await get(`/models?${query(list.question, at, fresh)}`);
      list.pieces.set(at, page.entries);
      Object.assign(list, { page, problem: "" });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      list.pieces.delete(at);
      list.problem = word(error.problems[0]);
    }
  };
  const load = async (list, at, fresh) => {
    await fetchPiece(list, at, fresh);
    if (list !== asked) return; // another question was asked since
    now = list;
    clearTimeout(timer);
    if (now.page && !now.page.whole) timer = setTimeout(() => reload(), AGAIN);
    onNews();
  };
  /** Another question, or the same again; what is shown stays until the answer is here. */
  const ask = (question, { at = 0, fresh = false } = {}) => {
    asked = listing(question);
    return load(asked, at - (at % PIECE), fresh);
  };
  let seen = 0;
  const reload = (fresh = false) => ask(now.question, { at: seen, fresh });
  return {
    ask,
    reload,
    /** Fetch what is not here yet of entries first … last. */
    want: (first, last) => {
      seen = first;
      for (let at = first - (first % PIECE); at <= last; at += PIECE)
        if (now === asked && !now.pieces.has(at)) load(now, at);
    },
    entry: index => now.pieces.get(index - (index % PIECE))?.[index % PIECE] ?? null,
    page: () => now.page,
    problem: () => now.problem,
    question: () => asked.question,
  };
}

const listing = question => ({ question, pieces: new Map(), page: null, problem: "" });

function query({ kind, search, family, sort }, offset, fresh) {
  const asked = { kind, search: search || null, family, sort, offset, limit: PIECE, fresh: fresh || null };
  const given = Object.entries(asked).filter(([, value]) => value !== null && value !== undefined);
  return new URLSearchParams(given);
}
