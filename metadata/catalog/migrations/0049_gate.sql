-- The gate of a workspace that leaves for another database: each write to these tables holds it open, the end of the move
-- closes it, and a write that comes behind finds the workspace gone, as one finds no table among those of its records.
-- Not behind it: tables that only a change of the model writes, which has its turn; those written with a record, by the
-- same transaction or the log; times of use, which are estimates; and the log's own.
CREATE FUNCTION fieldstone.require_here() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        written := OLD.workspace_id;
    ELSE
        written := NEW.workspace_id;
    END IF;
    IF written IS NOT NULL THEN
        PERFORM pg_catalog.pg_advisory_xact_lock_shared(
            pg_catalog.hashtextextended('fieldstone.rows ' || written::text, 0)
        );
        -- A statement of its own, which sees all that was committed while the one before it waited.
        IF EXISTS (SELECT FROM fieldstone.workspace WHERE id = written AND presence = 'GONE') THEN
            RAISE EXCEPTION 'the workspace has moved to another database: try again'
                USING ERRCODE = 'undefined_table', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER require_here BEFORE INSERT OR DELETE OR UPDATE OF name, token_hash, prefix, role_id, claims, networks,
    expires_at, revoked_at, old_token_hash, old_token_until ON fieldstone.api_key
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR DELETE OR UPDATE OF expires_at, revoked_at ON fieldstone.session
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE ON fieldstone.sign_in_code
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
-- Those that have expired are deleted for all workspaces together.
CREATE TRIGGER require_here_to_take BEFORE DELETE ON fieldstone.sign_in_code
    FOR EACH ROW WHEN (OLD.expires_at > now()) EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE ON fieldstone.denied_token
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE OR DELETE ON fieldstone.saved_view
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE OR DELETE ON fieldstone.preference
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE OR DELETE ON fieldstone.trusted_document
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT ON fieldstone.persisted_query
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR DELETE OR UPDATE OF target_url, description, secret, is_active, role_id,
    claims, disabled_at ON fieldstone.webhook
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
-- A delivery that begins, or that is asked for again: the end of one begun is waited for.
CREATE TRIGGER require_here BEFORE UPDATE OF status, claim ON fieldstone.webhook_delivery
    FOR EACH ROW WHEN (
        (NEW.claim IS NOT NULL AND NEW.claim IS DISTINCT FROM OLD.claim) OR (NEW.status = 'PENDING' AND OLD.status <> 'PENDING')
    )
    EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR DELETE OR UPDATE OF status, head, options, ignored, size, bytes_read, created,
    updated, failed, undone ON fieldstone.import_job
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT ON fieldstone.audit_log
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
CREATE TRIGGER require_here BEFORE INSERT OR UPDATE ON fieldstone.slow_operation
    FOR EACH ROW EXECUTE FUNCTION fieldstone.require_here();
