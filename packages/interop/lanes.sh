# The lanes that need a JDK, Maven or another foreign program; what they download is kept outside the repository (real-kafka.sh says
# where). Sourced by packages/interop/run, which runs them alone, and by .ci/run.
tests 'interop: against Kafka and foreign clients' npx vitest run --config packages/interop/vitest.config.ts
lane 'interop: goldens are what Kafka writes' packages/interop/goldens.sh --check
