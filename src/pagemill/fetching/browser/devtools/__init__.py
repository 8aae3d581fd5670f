"""The DevTools protocol (chromedevtools.github.io/devtools-protocol), spoken to Chromium over a pair of pipes."""
