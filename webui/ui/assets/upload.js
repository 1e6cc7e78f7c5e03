// Pictures and films to the server: each is sent once and then named in any number of requests.
import { Refused, pictureUrl } from "./api.js";
import { t } from "./text.js";

const LARGE = 2 ** 20; // bytes from which on it is said how far it is
const sent = new WeakMap(); // Blob -> promise of what the server said of it

const RESULT = "picture:";
const FILMS = /^(video|audio)\//;
const FILM_NAMES = /\.(mkv|avi|m4v|mpe?g|ts)$/i; // of which not every browser knows the type

/** Where the picture is that a request names: one that was sent, or a result. */
export const storedUrl = ref =>
  ref.startsWith(RESULT) ? pictureUrl(ref.slice(RESULT.length)) : `/api/v1/images/${ref}`;

/**
 * Send a picture file. Resolves to { id, width, height, media_type }.
 * field: where a problem belongs. onProgress(share): 0..1 while a large one is on its way, then null.
 */
export function upload(blob, { field = "image", onProgress = () => {} } = {}) {
  if (!sent.has(blob)) {
    const answer = send(blob, field, blob.size > LARGE ? onProgress : () => {});
    sent.set(blob, answer);
    answer.catch(() => sent.delete(blob));
  }
  return sent.get(blob);
}

/** The server has this picture already, under a name that requests may use. */
export const know = (blob, ref) => ref && sent.set(blob, Promise.resolve({ id: ref }));

function send(blob, field, onProgress) {
  return new Promise((done, fail) => {
    const call = new XMLHttpRequest(); // fetch does not tell how much has been sent
    const refuse = problems =>
      fail(
        new Refused(
          call.status,
          problems.map(one => ({ ...one, field })),
        ),
      );
    call.open("POST", `/api/v1/${FILMS.test(blob.type) || FILM_NAMES.test(blob.name ?? "") ? "media" : "images"}`);
    call.setRequestHeader("content-type", blob.type || "application/octet-stream");
    call.responseType = "json";
    call.upload.onprogress = event => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onloadend = () => onProgress(null);
    call.onerror = () => refuse([{ code: "", message: t("ui.server.unreachable") }]);
    call.onload = () => {
      if (call.status < 300) return done(call.response);
      const said = t("ui.server.refused", { status: call.status });
      refuse(call.response?.problems ?? [{ code: "", message: said }]);
    };
    call.send(blob);
  });
}
