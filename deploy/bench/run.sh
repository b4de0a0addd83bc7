#!/usr/bin/env bash
# The operator with 500 and 1,000 resources at once, beside as many plain Jobs: deploy/bench/run.sh [--help | options]
# Wants KUBECONFIG to name a cluster without the operator, where objects may be made, and kwok in the PATH (or --kwok).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [[ ! -d $root/deploy/bench/target/lib ]]; then
    (cd "$root" && mvn -q -B -DskipTests -pl deploy/bench -am package)
fi
jar=$(ls "$root"/deploy/bench/target/socratic-bench-*.jar)
if [[ ${1:-} != --help ]]; then
    kubectl apply --server-side -f "$root/crds/socraticfinetunes.socratic.dev-v1.yml"
fi
exec java -cp "$jar:$root/deploy/bench/target/lib/*" dev.socratic.bench.ScaleBenchmark "$@"
