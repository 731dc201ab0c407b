"""Keep the derived tables in step with the raw records: follow, group, derive, write what changed."""
