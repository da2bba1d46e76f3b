// Runs before the first paint, so that nobody who chose a theme sees the other one flash by.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme it is.
}
