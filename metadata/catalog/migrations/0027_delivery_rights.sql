-- The rights by which the payload of a delivery was built: a digest of the role's right to read the object, with the
-- claims; empty where the role saw the object whole, NULL in rows from before. A delivery is sent only while the
-- webhook has these rights.
ALTER TABLE fieldstone.webhook_delivery ADD COLUMN object_id uuid, ADD COLUMN rights text;
