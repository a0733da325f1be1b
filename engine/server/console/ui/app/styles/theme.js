// Sets the chosen theme before anything is drawn; "system" leaves it to the browser.
try {
  const theme = localStorage.getItem("fieldstone:theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // A browser that keeps nothing follows its system.
}
