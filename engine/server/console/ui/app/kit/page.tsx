// The frame of a page: a bar with its title and actions, and the content below.

import { type ReactNode, useEffect } from "react";

import "./page.css";

export interface PageProps {
  title: string;
  /** Stands in the bar at the side of the title. */
  bar?: ReactNode;
  /** Keeps the content free of padding: a grid that fills the page. */
  isFlush?: boolean;
  children: ReactNode;
}

export function Page({ title, bar, isFlush, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Fieldstone`;
  }, [title]);
  return (
    <>
      <header className="page-bar" data-region>
        <h1>{title}</h1>
        {bar}
      </header>
      <div className="page-content" data-flush={isFlush || undefined} data-region>
        {children}
      </div>
    </>
  );
}
