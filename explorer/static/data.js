// All data of the page come through `data.get`: from the server, or from answers that were filled in beforehand, as a
// file without a server would do.

const answers = new Map();

export const addressOf = (name, parameters = {}) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(given).toString();
  return `api/${name}${query ? `?${query}` : ""}`;
};

export const data = {
  // Answers by their address; the page then asks nobody for these.
  fill(known) {
    Object.entries(known).forEach(([address, answer]) => answers.set(address, answer));
  },

  // The answer to a question; an Error with one line where there is none.
  async get(name, parameters = {}, signal = undefined) {
    const address = addressOf(name, parameters);
    if (answers.has(address)) return answers.get(address);
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
