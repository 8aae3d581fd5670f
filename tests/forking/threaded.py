"""A module that starts a thread as it is imported: no fork server may import it."""

from __future__ import annotations

import threading
import time

threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
