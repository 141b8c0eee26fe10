#!/usr/bin/env bash
# The long soak: 200,000 pages (or as many as are asked for) in a release build. Prints what memory was held on the way; fails where it
# grew, or where a page was lost or asked for twice. Some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
SOAK_PAGES="${1:-200000}" cargo test --release --test soak -- --nocapture --test-threads 1
