"""How the services are called over HTTP: what every API function shares. The functions' `app.py` hold the routes."""
