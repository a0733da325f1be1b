"""The settings of events: their retention, subscriptions to them, and webhooks."""

from fieldstone.engine.settings.declaration import Group, Networks, seconds, setting, whole


class EventSettings(Group):
    """The logs of the acts and of the writes, and the readers of events."""

    # One row a setting.
    # fmt: off
    audit_retention_days: int = whole(365, "Retention of the audit log, in days; 0 keeps everything.", least=0,
        most=36_500)
    event_retention_hours: int = whole(72,
        "Retention of events, from which subscriptions and webhooks resume, in hours; 876000 at most.", most=876_000)
    event_retention_count: int = whole(1_000_000,
        "Retention of events by number, whatever their age; events that a webhook still needs stay.")
    history_days: int = whole(90,
        "Retention of the history of records behind that of events, in days; 0 keeps none.", least=0, most=36_500)
    max_subscriptions: int = whole(10_000, "The most subscriptions of one workspace on one server.")
    max_live_queries: int = whole(1_000, "The most different live queries of one workspace on one server.")
    live_poll: int = whole(0,
        "Seconds after which live queries are answered again without an event, for writes past Fieldstone; 0 is never.",
        least=0, most=86_400)
    max_sockets: int = whole(5_000, "The most WebSockets of one workspace on one server.")
    max_subscription_bytes: int = whole(16 << 20,
        "Bytes of the documents, variables and filters of one workspace's subscriptions.")
    max_subscription_bytes_total: int = whole(64 << 20,
        "Bytes of the documents, variables and filters of all subscriptions of one server.")
    webhook_allow: Networks = setting((),
        "The networks that webhooks may send to in spite of their private addresses.",
        "a comma-separated list of networks such as 10.1.2.0/24, without bits behind the prefix")
    webhook_timeout: float = seconds(10.0, "The longest attempt to deliver an event, in seconds.")
    webhook_concurrency: int = whole(64, "The most webhook deliveries in progress.", most=1000)
    webhook_concurrency_each: int = whole(8, "The most deliveries in progress to one webhook.", most=1000)
    webhook_attempts: int = whole(20, "Attempts of a delivery before it is given up.")
    webhook_retry_delay: float = seconds(1.0,
        "The backoff before the second attempt, in seconds; it doubles with each attempt, up to an hour.")
    webhook_disable_after: int = whole(259_200,
        "Seconds without a successful attempt after which a webhook is disabled.")
    webhook_retention_hours: int = whole(72, "Retention of deliveries, in hours; 876000 at most.", most=876_000)
    webhook_failed_hours: int = whole(720, "Retention of deliveries that were given up, in hours; 876000 at most.",
        most=876_000)
    # fmt: on
