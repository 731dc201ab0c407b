#!/bin/sh
# Install Debian's Chromium where that is possible; where it is not, tests in a browser are skipped and say so.
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
echo "Installing Chromium for the tests of pages ..."
if command -v apt-get >/dev/null 2>&1 \
  && DEBIAN_FRONTEND=noninteractive $as_root apt-get update -qq >/dev/null 2>&1 \
  && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1; then
  exit 0
fi
echo "Chromium could not be installed: tests of pages in a browser will be skipped. Install it and run make again." >&2
