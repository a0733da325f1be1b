// Shown while the console itself is loaded.

export function Loading() {
  return (
    <p role="status" className="shell-loading">
      Loading…
    </p>
  );
}
