"""The payloads of deliveries, with the records as the role of each webhook sees them."""
