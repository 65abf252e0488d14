"""The database backend of the index: Django's PostgreSQL backend that starts the embedded server and takes a role."""
