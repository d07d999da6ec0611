#!/usr/bin/env bash
# kafkajs, kept beside the other downloads (real-kafka.sh says where): installed at the first call. Prints the folder it is in.
set -euo pipefail

PACKAGE=kafkajs@2.2.4
CACHE=${LOGWERK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/logwerk}
folder=$CACHE/npm/$PACKAGE

mkdir -p "$CACHE/npm"
(
  # Two tests may ask for it at the same moment.
  flock 9
  [ ! -f "$folder/.complete" ] || exit 0
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{ "private": true }' >"$folder/package.json"
  npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --save-exact "$PACKAGE" >&2
  touch "$folder/.complete"
) 9>"$CACHE/npm/.lock"
echo "$folder"
