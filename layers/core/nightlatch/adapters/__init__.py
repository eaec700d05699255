"""With what: the ports of the services, kept by DynamoDB, PostgreSQL and AWS."""
