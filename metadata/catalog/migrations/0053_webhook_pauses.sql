-- The last pause of a webhook. Events that were written before it are delivered, even if they are read from the log later:
-- those that are `at` `paused_at` or before. Of the events behind it none is delivered that is `at` `resumed_at` or before and
-- was in the log by then: `resumed_position` is that of the last. While a webhook is disabled, `disabled_at` counts as well.
ALTER TABLE fieldstone.webhook ADD COLUMN paused_at timestamptz, ADD COLUMN resumed_at timestamptz,
    ADD COLUMN resumed_position bigint;
