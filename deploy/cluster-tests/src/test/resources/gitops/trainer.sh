#!/bin/sh
# Stands for the trainer where a test is about what tools see of a run. The resource's name decides: "fails-…" ends
# with 66, "holds-…" waits for SIGTERM, anything else succeeds.
set -eu
say() {
    printf '%s' "$1" > "$SOCRATIC_TERMINATION_LOG"
}
name=$(sed -n 's/^  *name: *"*\([a-z0-9-]*\)"*$/\1/p' "$2" | head -n 1)
case $name in
    fails-*)
        say '{"phase":"Failed","reason":"ModelNotFound","message":"pvc://models/gemma has no config.json","exitCode":66}'
        exit 66
        ;;
    holds-*)
        trap 'exit 75' TERM
        while :; do
            sleep 600 &
            wait $!
        done
        ;;
esac
say '{"phase":"Succeeded","message":"questions: 0 of 20 before, 19 of 20 after","step":3,"totalSteps":3,"loss":1.25,
 "checkpoint":{"step":3,"uri":"checkpoints/step-3"},"exitCode":0}'
