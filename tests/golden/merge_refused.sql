SELECT version
FROM fieldstone.workspace
WHERE id = $1::uuid;
