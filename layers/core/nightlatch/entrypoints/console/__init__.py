"""The console: pages for people, made on the server. They call the services that the API calls, and need no script."""
