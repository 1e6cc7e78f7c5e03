// Pictures and masks that survive a reload of the page. Where storage is shut (private windows) or full,
// they do not, and nothing else is lost.
const opened = () =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("easel", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("editor");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function run(mode, act) {
  try {
    const database = await opened();
    const transaction = database.transaction("editor", mode);
    const request = act(transaction.objectStore("editor"));
    return await new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    }).finally(() => database.close());
  } catch {
    return undefined;
  }
}

export const recallLarge = key => run("readonly", store => store.get(key));
export const rememberLarge = (key, value) => run("readwrite", store => store.put(value, key));
export const forgetLarge = key => run("readwrite", store => store.delete(key));
