"""DynamoDB: what is true (the State table) and what happened (the Ledger table)."""
