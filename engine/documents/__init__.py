"""GraphQL documents: parsed, validated and collected within limits."""
