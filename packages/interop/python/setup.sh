#!/usr/bin/env bash
# A Python with librdkafka, kept beside the other downloads (real-kafka.sh says where): made at the first call. Prints its path.
# Needs Python 3.8 or later with pip and venv.
set -euo pipefail

WHEEL=confluent-kafka==2.16.1
CACHE=${LOGWERK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/logwerk}
venv=$CACHE/python/$WHEEL

mkdir -p "$CACHE/python"
(
  # Two tests may ask for it at the same moment.
  flock 9
  [ ! -f "$venv/.complete" ] || exit 0
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$WHEEL" >&2
  touch "$venv/.complete"
) 9>"$CACHE/python/.lock"
echo "$venv/bin/python"
