// What is asked for anew with every state of a page, or every letter that is typed. Only what was asked last counts.

import { replace } from "./dom.js";
import { problem } from "./shell.js";

/**
 * A function that loads what `content` shows: `ask(signal)` gives the figures, `draw(figures)` puts them there. Only
 * the latest load counts. Where it fails, `trouble` says so and `content` is hidden: figures of another view must not
 * stand under this one's name. `failed(error)`, if given, is called then. `load.stop()` has what is under way come to
 * nothing.
 */
export function loader({ content, trouble, ask, draw, failed }) {
  let loading;
  async function load() {
    load.stop();
    loading = new AbortController();
    const { signal } = loading;
    try {
      const figures = await ask(signal);
      if (signal.aborted) return;
      replace(trouble);
      content.hidden = false;
      draw(figures);
    } catch (error) {
      if (signal.aborted) return;
      content.hidden = true;
      failed?.(error);
      const box = problem(error, load);
      if (trouble.textContent === box.textContent) box.removeAttribute("role"); // a screen reader has said it already
      replace(trouble, box);
    }
  }
  load.stop = () => loading?.abort();
  return load;
}

/**
 * Load anew every so many milliseconds, while the page is seen and nobody reads a chart on it, which would be wiped.
 * Gives what ends that.
 */
export function keepFresh(load, every = 60_000) {
  const timer = setInterval(() => document.hidden || document.querySelector(".reading.shown") || load(), every);
  return () => {
    clearInterval(timer);
    load.stop();
  };
}

/** `ask`, whose answers and failures come to nothing (undefined) once it has been called again. */
export function latest(ask) {
  let calls = 0;
  return async (...given) => {
    const call = (calls += 1);
    try {
      const answer = await ask(...given);
      if (call === calls) return answer;
    } catch (error) {
      if (call === calls) throw error;
    }
  };
}
