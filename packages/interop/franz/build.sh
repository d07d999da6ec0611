#!/usr/bin/env bash
# Builds the franz-go program into the place of the other downloads (real-kafka.sh says where) and prints its path. Needs Go.
set -euo pipefail

CACHE=${LOGWERK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/logwerk}
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p "$CACHE/franz"
go build -trimpath -o "$CACHE/franz/franz" . >&2
echo "$CACHE/franz/franz"
