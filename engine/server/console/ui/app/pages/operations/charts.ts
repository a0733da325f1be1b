// The charts of the operations page: which numbers each has.

import type { Chart } from "../../kit/plot_words.ts";

export const CHARTS: readonly Chart[] = [
  {
    id: "requests",
    title: "Requests",
    unit: "a second",
    lines: [
      { series: "requests", label: "All", color: "accent" },
      { series: "errors", label: "Errors", color: "danger" },
      { series: "refused", label: "Refused", color: "warn" },
    ],
  },
  {
    id: "latency",
    title: "Time of a request",
    unit: "ms",
    lines: [
      { series: "p50", label: "p50", color: "accent" },
      { series: "p95", label: "p95", color: "info" },
      { series: "p99", label: "p99", color: "warn" },
    ],
  },
  {
    id: "pool",
    title: "Connections to the database",
    unit: "",
    lines: [
      { series: "poolInUse", label: "In use", color: "accent" },
      { series: "poolLimit", label: "At most", color: "muted" },
      { series: "poolWaiting", label: "Requests that wait", color: "danger" },
    ],
  },
  {
    id: "events",
    title: "Events",
    unit: "",
    lines: [
      { series: "events", label: "A second", color: "accent" },
      { series: "eventLag", label: "Lag in seconds", color: "warn" },
    ],
  },
  {
    id: "webhooks",
    title: "Deliveries of webhooks",
    unit: "",
    lines: [
      { series: "delivered", label: "A second", color: "accent" },
      { series: "deliveriesFailed", label: "Failed a second", color: "danger" },
      { series: "webhooksPending", label: "Waiting", color: "info" },
    ],
  },
  {
    id: "streams",
    title: "Subscribers",
    unit: "",
    lines: [
      { series: "subscribers", label: "Subscriptions", color: "accent" },
      { series: "liveQueries", label: "Live queries", color: "info" },
    ],
  },
];

export const RANGES = [
  { id: "900", label: "15 minutes", step: 10 },
  { id: "3600", label: "1 hour", step: 30 },
  { id: "21600", label: "6 hours", step: 120 },
  { id: "86400", label: "1 day", step: 600 },
] as const;
