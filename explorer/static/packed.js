// What a page without a server holds: libraries and data, packed with gzip.

const element = (name) => document.querySelector(`script[data-packed="${name}"]`);

export const isPacked = (name) => element(name) !== null;

export async function unpack(name) {
  if (!window.DecompressionStream) {
    throw new Error("this browser is too old for a page without a server; take one of 2023 or later, or amalgamics serve");
  }
  const bytes = Uint8Array.from(atob(element(name).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
