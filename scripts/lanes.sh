# What .ci/run and .ci/soak share. A lane is one command; a lane that fails does not stop the next. Source this from the root.
#
#   lane NAME COMMAND...    counts as one: passed if the command ends with 0
#   tests NAME COMMAND...   the same for a command that ends in vitest's arguments: its tests count too, one by one, and a lane
#                           with no test or with a skipped one fails
#   close_lanes             prints the lanes, then the closing line; its exit code is the script's

set -u
export TURBO_TELEMETRY_DISABLED=1

lanes_passed=0
lanes_failed=0
lanes_summary=''
lanes_folder="$(mktemp -d)"
trap 'rm -rf "$lanes_folder"' EXIT

lane() {
  local name="$1" began=$SECONDS
  shift
  printf '\n=== %s\n' "$name"
  "$@" </dev/null
  lane_ended "$name" $? $((SECONDS - began))
}

tests() {
  local name="$1" began=$SECONDS report="$lanes_folder/report.json" status counts passed failed
  shift
  printf '\n=== %s\n' "$name"
  rm -f "$report"
  "$@" --reporter=default --reporter=json --outputFile.json="$report" </dev/null
  status=$?
  counts="$(node scripts/tally-tests.mjs "$report")" || status=1
  read -r passed failed <<<"${counts:-0 0}"
  lanes_passed=$((lanes_passed + passed))
  lanes_failed=$((lanes_failed + failed))
  lane_ended "$name ($passed tests passed, $failed failed)" $status $((SECONDS - began))
}

lane_ended() {
  local name="$1" status="$2" seconds="$3" result='ok  '
  if [ "$status" -eq 0 ]; then
    lanes_passed=$((lanes_passed + 1))
  else
    lanes_failed=$((lanes_failed + 1))
    result='FAIL'
  fi
  lanes_summary+="$(printf '%s %5d s  %s' "$result" "$seconds" "$name")"$'\n'
}

close_lanes() {
  printf '\n=== lanes\n%s\n%d passed, %d failed\n' "$lanes_summary" "$lanes_passed" "$lanes_failed"
  [ "$lanes_failed" -eq 0 ]
}
