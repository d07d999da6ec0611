#!/usr/bin/env bash
# The golden files that the tests of other packages replay: made by Kafka's own Java classes, committed, compared here.
#
#   goldens.sh --check   make them anew and fail if a committed one differs or is missing
#   goldens.sh --write   make them anew and put them in their places
#
# Compressed bytes also depend on the JDK's zlib and on the native codecs inside the jars: a JDK that is built with another zlib may
# write other gzip bytes for the same content.
set -euo pipefail

mode=${1:-}
case $mode in
  --check | --write) ;;
  *) sed -n '2,/^set /p' "$0" | grep '^#' | cut -c3- >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
classpath=$(./real-kafka.sh classpath)
version=${KAFKA_VERSION:-4.4.0}

# program NAME ARGS...: runs a Java source as it is.
program() {
  local name=$1
  shift
  java -cp "$classpath" "java/$name.java" "$@"
}

for folder in protocol partitioner assignor serde-bytes compression; do mkdir "$made/$folder"; done
program Golden "$made/protocol" "$version"
program Batches "$made/protocol/record-batches.json"
program Partitions "$made/partitioner/murmur2.json"
program Assignors "$made/assignor/java.json"
program Serializers "$made/serde-bytes/serializers.json"
program Compressed "$made/compression/java.json" "$version"

count=0 bytes=0 different=0
while read -r file; do
  committed=../${file%/*}/golden/${file##*/}
  if [ "$mode" = --write ]; then
    mkdir -p "${committed%/*}"
    cp "$made/$file" "$committed"
  elif ! cmp "$committed" "$made/$file" >&2; then
    different=$((different + 1))
  fi
  count=$((count + 1)) bytes=$((bytes + $(wc -c <"$made/$file")))
done < <(cd "$made" && find . -name '*.json' | cut -c3- | sort)
if [ "$different" -gt 0 ]; then
  echo "goldens.sh: $different of $count files are not what Kafka $version writes; goldens.sh --write makes them so" >&2
  exit 1
fi
echo "$count files, $bytes bytes"
