"""Plans of reads: selections, filters, orders, pages and aggregates."""
