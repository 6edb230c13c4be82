"""The ladder's limits as cited data, one TOML file a policy, and the code that reads them."""
