// Figures that are asked for anew with every state of a page.

import { replace } from "./dom.js";
import { problem } from "./shell.js";

/**
 * A function that loads what `content` shows: `ask(signal)` gives the figures, `draw(figures)` puts them there. Only
 * the latest load counts. Where it fails, `trouble` says so and `content` is hidden: figures of another view must not
 * stand under this one's name.
 */
export function loader({ content, trouble, ask, draw }) {
  let loading;
  return async function load() {
    loading?.abort();
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
      replace(trouble, problem(error, load));
    }
  };
}
