#!/usr/bin/env bash
# The quickstart on a real API server, driven by a real kubectl: what a user sees, refused and accepted.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kubectl=$SOCRATIC_TEST_KUBECTL
work=$(mktemp -d)
# the quickstart, but one epoch of it and no replies: that it succeeds as a whole has been seen before
cp -r deploy/samples/quickstart "$work/"
sample=$work/quickstart/finetune.yaml
sed -e 's/^    epochs: .*/    epochs: 1/' -e '/^  evaluation:/,/^  placement:/{/^  placement:/!d;}' \
    deploy/samples/quickstart/finetune.yaml > "$sample"
fail() { echo "FAILED: $*" >&2; tail -n 40 "$work/local.log" >&2; exit 1; }
await() { # seconds, what, command...
    local until=$((SECONDS + $1)) what=$2; shift 2
    until "$@" > /dev/null 2>&1; do
        ((SECONDS < until)) || fail "no $what in time"
        kill -0 "$local_mode" 2> /dev/null || fail "local mode ended before: $what"
        sleep 0.2
    done
}

deploy/local/run.sh "$sample" --keep --state "$work/run" > "$work/local.log" 2>&1 &
local_mode=$!
trap 'kill -TERM $local_mode 2>/dev/null || true; wait $local_mode 2>/dev/null || true; rm -rf "$work"' EXIT
await 300 "kubeconfig" grep -q KUBECONFIG= "$work/local.log"
KUBECONFIG=$(sed -n 's/.*KUBECONFIG=\([^ ]*\).*/\1/p' "$work/local.log" | head -n 1)
export KUBECONFIG
name=$("$kubectl" get sft -o jsonpath='{.items[0].metadata.name}')

echo "--- while it trains"
await 120 "progress" sh -c "'$kubectl' get sft $name -o jsonpath='{.status.progress.step}' | grep -q ."
"$kubectl" get sft

echo "--- what is refused"
sed 's/^\( *\)r: .*/\1r: 0/; s/lora: {r: [0-9]*/lora: {r: 0/' "$sample" > "$work/bad.yaml"
if "$kubectl" apply -f "$work/bad.yaml" > "$work/refusal" 2>&1; then fail "lora.r: 0 was accepted"; fi
cat "$work/refusal"
grep -q 'spec.lora.r' "$work/refusal" || fail "the refusal does not name spec.lora.r"

echo "--- the end"
"$kubectl" wait --for=condition=Ready --timeout=180s "sft/$name"
"$kubectl" get sft
"$kubectl" describe sft "$name" | sed -n '/^Status:/,$p'

echo "--- applying the same file again changes nothing"
before=$("$kubectl" get sft "$name" -o jsonpath='{.metadata.generation}/{.status.runId}')
"$kubectl" apply --server-side --field-manager=gitops --force-conflicts -f "$sample"
after=$("$kubectl" get sft "$name" -o jsonpath='{.metadata.generation}/{.status.runId}')
[[ $before == "$after" ]] || fail "generation/runId went from $before to $after"

echo "--- deleting the Job does not train again; deleting the resource leaves the adapter"
"$kubectl" delete job --all --wait=true
[[ $("$kubectl" get sft "$name" -o jsonpath='{.status.phase}') == Succeeded ]] || fail "the end was not final"
"$kubectl" delete sft "$name" --wait=true
await 60 "removal of the pod" sh -c "[ -z \"\$('$kubectl' get pods -o name)\" ]"
[[ -z $("$kubectl" get jobs -o name) ]] || fail "a Job is back after its resource was deleted"
find "$work/run" -name adapter_model.safetensors | grep -q . || fail "the adapter went with the resource"
echo "kubectl: all held"
