// Before the first paint, so that a chosen theme does not flash. What is not chosen follows the system.
try {
  const theme = localStorage.getItem('mangrove.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme it is.
}
