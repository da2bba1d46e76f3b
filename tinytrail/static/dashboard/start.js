// Loads the modules once the page's frame is on screen; beside the style sheet they would hold that up.
const load = () => document.head.append(document.getElementById("rest").content);
if (document.hidden)
  load(); // a tab in the background has no frames
else requestAnimationFrame(() => setTimeout(load));
