"""The only wiring: settings from the environment, and each service made once with the adapters it needs.

Each module wires one thing and imports only what that needs, so a function imports what it uses. Imports are done here
when a function starts, never at its first call: Lambda starts functions at full speed. Clients are made when they are
first called for.

What is imported stays for good, and looking for garbage in it again and again is a sixth of a function's start. So the
collector looks less often than it would.
"""

import gc

gc.set_threshold(50_000)
