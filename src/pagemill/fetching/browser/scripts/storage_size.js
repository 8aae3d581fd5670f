// How many characters the local storage and the databases (IndexedDB) of this origin hold, and the record at which that
// is more than `limit`: what comes after it is not counted. It runs in an empty document, where no script of a page ran.
async limit => {
  let size = 0;
  const answer = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });

  // A database's values may hold themselves; bytes are written in base64.
  const count = first => {
    const seen = new Set();
    const values = [first];
    while (values.length && size <= limit) {
      const value = values.pop();
      if (typeof value === "string") { size += value.length + 2; continue; }
      if (typeof value === "bigint") { size += value.toString().length; continue; }
      if (typeof value !== "object" || value === null) { size += 8; continue; }
      if (seen.has(value)) continue;
      seen.add(value);
      size += 8;
      if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) { size += value.byteLength * 4 / 3; continue; }
      if (value instanceof Map) { for (const pair of value) values.push(...pair); continue; }
      if (value instanceof Set) { for (const item of value) values.push(item); continue; }
      if (value instanceof RegExp) { size += value.source.length; continue; }
      if (value instanceof Error) { size += value.message.length + (value.stack || "").length; continue; }
      for (const name of Object.keys(value)) { size += name.length + 8; values.push(value[name]); }
    }
  };

  for (let index = 0; index < localStorage.length && size <= limit; index++) {
    const name = localStorage.key(index);
    size += name.length + (localStorage.getItem(name) || "").length + 24;
  }
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    size += name.length + 40;
    for (const store of database.objectStoreNames) {
      if (size > limit) break;
      size += store.length + 80;
      const records = database.transaction(store).objectStore(store).openCursor();
      await new Promise((resolve, reject) => {
        records.onerror = () => reject(records.error);
        records.onsuccess = () => {
          const cursor = records.result;
          if (!cursor || size > limit) return resolve();
          count(cursor.key);
          count(cursor.value);
          cursor.continue();
        };
      });
    }
    database.close();
  }
  return Math.ceil(size);
}
