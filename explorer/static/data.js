// All data of the page come through `data.get`: from the server, or, in a file without one, from answers that were
// recorded beforehand (offline.js).

const answers = new Map();
let views = null;

export const addressOf = (name, parameters = {}) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(given.sort(([a], [b]) => (a < b ? -1 : 1))).toString();
  return `api/${name}${query ? `?${query}` : ""}`;
};

export const data = {
  // Answers by their address, and functions that answer the rest; the page then asks nobody.
  fill(known, functions) {
    Object.entries(known).forEach(([address, answer]) => answers.set(address, answer));
    views = functions;
  },

  get isOffline() { return views !== null; },

  // Where a file can be had; null where it cannot.
  link(name) {
    if (!views) return addressOf(name);
    const text = answers.get(addressOf(name));
    return text === undefined ? null : URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  },

  // The answer to a question; an Error with one line where there is none.
  async get(name, parameters = {}, signal = undefined) {
    const address = addressOf(name, parameters);
    if (answers.has(address)) return answers.get(address);
    if (views) {
      if (views[name]) return views[name](parameters);
      throw new Error("this is not in the file; amalgamics serve shows it");
    }
    let reply;
    try {
      reply = await fetch(address, { signal, credentials: "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("the server does not answer any more; start it again with: amalgamics serve");
    }
    if (reply.status === 403) throw new Error((await reply.text()).trim());
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.error);
    return answer;
  },
};
