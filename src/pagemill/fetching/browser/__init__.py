"""Pages through Chromium: processes, tabs, rendering, actions, screenshots, and the proxy that confines them."""
