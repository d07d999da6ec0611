#!/usr/bin/env bash
# A real Apache Kafka on this machine: jars from Maven, KRaft, loopback only. One node, or a cluster of three.
#
#   real-kafka.sh fetch                  download the jars; does nothing when they are there
#   real-kafka.sh classpath              the same, then print a Java class path with all of Kafka on it
#   real-kafka.sh start single|cluster   format (first time), start, wait until ready, print the bootstrap servers
#   real-kafka.sh stop [single|cluster]  shut down cleanly and wait for it; without a name both
#   real-kafka.sh kill9 [single|cluster] crash; the data stays
#   real-kafka.sh wipe [single|cluster]  stop, then delete the data
#   real-kafka.sh status                 process, memory and CPU seconds of every node that runs
#   real-kafka.sh tool CLASS ARGS...     a program of the distribution, such as
#                                        org.apache.kafka.tools.TopicCommand --bootstrap-server 127.0.0.1:19092 --list
#
# Environment:
#   LOGWERK_CACHE        where downloads are kept (default: logwerk in XDG_CACHE_HOME or ~/.cache)
#   REAL_KAFKA_DIR       where the nodes keep data and logs (default: real in LOGWERK_CACHE)
#   KAFKA_VERSION        4.4.0
#   KAFKA_TOOLS_VERSION  4.3.1, the newest whose tools can be had from Maven
#   PORT_SINGLE          19092; its controller listens on the next port
#   PORT_CLUSTER         19192; node n listens on PORT_CLUSTER + 100 * (n - 1), its controller on the port after that
#   HEAP_SINGLE, HEAP_CLUSTER, HEAP_TOOL   1g, 512m, 512m
#   EXTRA_PROPS          lines put at the end of server.properties when a node is formatted
# A node keeps the ports of its first start until it is wiped: pass the same PORT_* when starting it again.
#
# Needs Linux, a JDK of 17 or later, and, for the download, Maven.
set -euo pipefail

CACHE=${LOGWERK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/logwerk}
WORK=${REAL_KAFKA_DIR:-$CACHE/real}
JARS=$CACHE/real/kafka
VERSION=${KAFKA_VERSION:-4.4.0}
TOOLS_VERSION=${KAFKA_TOOLS_VERSION:-4.3.1}
PORT_SINGLE=${PORT_SINGLE:-19092}
PORT_CLUSTER=${PORT_CLUSTER:-19192}

fail() {
  echo "real-kafka.sh: $*" >&2
  exit 1
}

needs() {
  command -v "$1" >/dev/null || fail "$1 is not on the PATH; $2"
}

# download FOLDER VERSION ARTIFACT...: the artifacts and all that they depend on, as FOLDER beside the other jars.
# A broker's POM names kafka-tools in its own version, which may be missing; it runs without.
download() {
  local folder=$1 version=$2 artifact excluded=''
  shift 2
  needs mvn 'install Apache Maven'
  [ "$folder" = tools-lib ] || for artifact in kafka-tools kafka-tools-api; do
    excluded+="<exclusion><groupId>org.apache.kafka</groupId><artifactId>$artifact</artifactId></exclusion>"
  done
  mkdir -p "$JARS/$folder.pom"
  {
    echo '<project><modelVersion>4.0.0</modelVersion>'
    echo "<groupId>local</groupId><artifactId>real-kafka-$folder</artifactId><version>1</version><packaging>pom</packaging><dependencies>"
    for artifact in "$@"; do
      echo "<dependency><groupId>org.apache.kafka</groupId><artifactId>$artifact</artifactId><version>$version</version>"
      [ -z "$excluded" ] || echo "<exclusions>$excluded</exclusions>"
      echo '</dependency>'
    done
    for artifact in log4j-slf4j-impl log4j-core; do
      echo "<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>$artifact</artifactId><version>2.25.4</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$JARS/$folder.pom/pom.xml"
  # Into a folder of its own first: a download that is cut off must not pass for a whole one.
  rm -rf "${JARS:?}/$folder.part"
  mvn -B -q -f "$JARS/$folder.pom/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$JARS/$folder.part" >&2
  rm -rf "${JARS:?}/$folder"
  mv "$JARS/$folder.part" "$JARS/$folder"
}

fetched() {
  [ "$(cat "$JARS/.version" 2>/dev/null)" = "$VERSION $TOOLS_VERSION" ]
}

# Two tests may ask for it at the same moment: the second one waits for the first.
fetch() {
  needs java 'install a JDK of version 17 or later'
  ! fetched || return 0
  mkdir -p "$JARS"
  (
    flock 9
    fetched || fetch_all
  ) 9>"$JARS/.lock"
}

fetch_all() {
  rm -f "$JARS/.version"
  download lib "$VERSION" kafka_2.13 kafka-server kafka-clients
  download tools-lib "$TOOLS_VERSION" kafka_2.13 kafka-tools
  log_config INFO SYSTEM_OUT >"$JARS/log4j2.properties"
  log_config WARN SYSTEM_ERR >"$JARS/log4j2-tool.properties"
  echo "$VERSION $TOOLS_VERSION" >"$JARS/.version"
}

log_config() {
  printf '%s\n' 'status = error' 'appender.out.type = Console' 'appender.out.name = out' "appender.out.target = $2" \
    'appender.out.layout.type = PatternLayout' 'appender.out.layout.pattern = [%d] %p %m (%c{1})%n' \
    "rootLogger.level = $1" 'rootLogger.appenderRef.out.ref = out'
}

# jvm FOLDER LOG_CONFIG HEAP CLASS ARGS...: becomes the Java program.
jvm() {
  local folder=$1 log_config=$2 heap=$3
  shift 3
  exec java "-Xms$heap" "-Xmx$heap" -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 \
    -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true "-Dlog4j2.configurationFile=$JARS/$log_config" -cp "$JARS/$folder/*" "$@"
}

# nodes MODE: "node port" lines.
nodes() {
  case $1 in
    single) echo "1 $PORT_SINGLE" ;;
    cluster) for node in 1 2 3; do echo "$node $((PORT_CLUSTER + 100 * (node - 1)))"; done ;;
    *) fail "\"$1\" is neither single nor cluster" ;;
  esac
}

folder_of() {
  echo "$WORK/$1/node$2"
}

format() {
  local mode=$1 replicas=1 in_sync=1 voters='' node port folder id
  [ "$mode" = single ] || { replicas=3 in_sync=2; }
  while read -r node port; do voters+="${voters:+,}$node@127.0.0.1:$((port + 1))"; done < <(nodes "$mode")
  # A cluster id is 16 bytes, as 22 characters of base64.
  id="real-kafka-$mode-0000000000"
  while read -r node port; do
    folder=$(folder_of "$mode" "$node")
    [ ! -f "$folder/data/meta.properties" ] || continue
    mkdir -p "$folder"
    cat >"$folder/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$folder/data
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
${EXTRA_PROPS:-}
PROPERTIES
    (jvm lib log4j2-tool.properties 256m kafka.tools.StorageTool format -t "${id:0:22}" -c "$folder/server.properties") \
      >"$folder/format.log" 2>&1 </dev/null || { cat "$folder/format.log" >&2; fail "node $node could not be formatted"; }
  done < <(nodes "$mode")
}

alive() {
  [ -f "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null
}

milliseconds_since() {
  echo $((($(date +%s%N) - $1) / 1000000))
}

start() {
  local mode=$1 heap began node port folder servers=''
  nodes "$mode" >/dev/null
  [ "$mode" = single ] && heap=${HEAP_SINGLE:-1g} || heap=${HEAP_CLUSTER:-512m}
  fetch
  began=$(date +%s%N)
  format "$mode"
  echo "format: $(milliseconds_since "$began") ms"
  began=$(date +%s%N)
  while read -r node port; do
    folder=$(folder_of "$mode" "$node")
    ! alive "$folder" || continue
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      fail "port $port is taken, perhaps by another broker on this machine: set PORT_SINGLE or PORT_CLUSTER"
    fi
    # The broker outlives this script, so it must not hold on to what the caller has open: a lock would never be released.
    (
      for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || eval "exec $fd>&-"
      done
      jvm lib log4j2.properties "$heap" kafka.Kafka "$folder/server.properties"
    ) >"$folder/broker.log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    disown
  done < <(nodes "$mode")
  while read -r node port; do
    folder=$(folder_of "$mode" "$node")
    servers+="${servers:+,}127.0.0.1:$port"
    until grep -q 'Kafka Server started' "$folder/broker.log"; do
      alive "$folder" || { tail -20 "$folder/broker.log" >&2; fail "node $node died; its log is $folder/broker.log"; }
      [ "$(milliseconds_since "$began")" -lt 120000 ] || fail "node $node is not ready after 120 s; its log is $folder/broker.log"
      sleep 0.05
    done
  done < <(nodes "$mode")
  echo "ready: $(milliseconds_since "$began") ms"
  echo "bootstrap: $servers"
}

# halt SIGNAL MODE...: sends the signal to every node, then waits for each; one that does not leave within a minute is killed.
halt() {
  local signal=$1 mode node port folder pid
  shift
  for mode in "$@"; do
    nodes "$mode" >/dev/null
    while read -r node port; do
      folder=$(folder_of "$mode" "$node")
      ! alive "$folder" || kill -"$signal" "$(cat "$folder/pid")" || true
    done < <(nodes "$mode")
    while read -r node port; do
      folder=$(folder_of "$mode" "$node")
      [ -f "$folder/pid" ] || continue
      pid=$(cat "$folder/pid")
      for _ in $(seq 600); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
      ! kill -0 "$pid" 2>/dev/null || kill -KILL "$pid"
      rm -f "$folder/pid"
    done < <(nodes "$mode")
  done
}

status() {
  local mode node port folder pid
  for mode in single cluster; do
    while read -r node port; do
      folder=$(folder_of "$mode" "$node")
      alive "$folder" || continue
      pid=$(cat "$folder/pid")
      awk -v what="$mode node$node pid $pid" -v port="$(sed -n 's/^advertised.*://p' "$folder/server.properties")" \
        -v ticks="$(cut -d' ' -f14,15 "/proc/$pid/stat")" -v hertz="$(getconf CLK_TCK)" '
          /VmRSS/ { rss = $2 }
          /VmHWM/ { peak = $2 }
          END {
            split(ticks, t, " ")
            printf "%s port %s rss %d MiB peak %d MiB cpu %.1f s\n", what, port, rss / 1024, peak / 1024, (t[1] + t[2]) / hertz
          }
        ' "/proc/$pid/status"
    done < <(nodes "$mode")
  done
}

command=${1:-}
[ $# -eq 0 ] || shift
mkdir -p "$WORK"
case $command in
  fetch) fetch ;;
  classpath) fetch; echo "$JARS/lib/*" ;;
  start) start "${1:?single or cluster}" ;;
  stop) halt TERM "${@:-single}"; [ $# -gt 0 ] || halt TERM cluster ;;
  kill9) halt KILL "${@:-single}"; [ $# -gt 0 ] || halt KILL cluster ;;
  wipe) for mode in "${@:-single}"; do halt TERM "$mode"; rm -rf "${WORK:?}/$mode"; done ;;
  status) status ;;
  tool) fetch; jvm tools-lib log4j2-tool.properties "${HEAP_TOOL:-512m}" "$@" ;;
  *) sed -n '2,/^set /p' "$0" | grep '^#' | cut -c3- >&2; exit 2 ;;
esac
