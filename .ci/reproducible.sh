#!/usr/bin/env bash
# Builds the images of this commit in a clone elsewhere and compares: the same commit is the same digest, whatever the
# folder, the hour and what was built before. Arguments go to Maven, such as -Djib.from.image=…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
modules=(operator trainer-image)
again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT

git clone -q --no-hardlinks . "$again/elsewhere"
(cd "$again/elsewhere" && mvn -q -B -ntp -pl operator,trainer-image -am -Dmaven.test.skip=true package jib:buildTar "$@")
for module in "${modules[@]}"; do
    here=$(cat "$module/target/jib-image.digest")
    there=$(cat "$again/elsewhere/$module/target/jib-image.digest")
    if [[ $here != "$there" ]]; then
        echo "FAILED: $module is $here here and $there in a clone (uncommitted changes: $(git status --short | wc -l))" >&2
        exit 1
    fi
    echo "$module: $here, twice"
done
