// Sets the chosen theme and size before anything is drawn: the choices of app/shell/choices.ts.
try {
  for (const name of ["theme", "density"]) {
    const word = localStorage.getItem(`fieldstone:${name}`);
    if (word) document.documentElement.dataset[name] = word;
  }
} catch {
  // A browser that keeps nothing follows its system.
}
