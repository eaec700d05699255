"""The only wiring: settings from the environment, and each service made once with the adapters it needs.

Each module wires one thing and imports only what that needs, so a function imports what it uses. What its calls need is
imported when it starts, because Lambda starts functions at full speed. Clients are made when they are first called for.

What is imported stays for good, and looking for garbage in it again and again is a tenth of a function's start. So the
collector waits for more than any start leaves behind; what is no cycle is freed without it.
"""

import gc

gc.set_threshold(200_000)
