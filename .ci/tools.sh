#!/usr/bin/env bash
# Installs the command line tools that deploy/cluster-tests runs, once, and prints the folder that holds them.
set -euo pipefail
tools=$HOME/.cache/socratic-tools/bin
mkdir -p "$tools"
go=$(command -v go || echo /usr/local/go/bin/go)

[[ $go -ef $tools/go ]] || ln -sf "$go" "$tools/go"

from_module() { # command, package, version, linker flags...
    local command=$1 package=$2 version=$3; shift 3
    local file=$tools/$command-$version
    if [[ ! -x $file ]]; then
        GOBIN=$tools CGO_ENABLED=0 "$go" install -ldflags "-s -w $*" "$package@$version" >&2 || return
        mv "$tools/$command" "$file"
    fi
    ln -sf "$command-$version" "$tools/$command"
}

# A Helm that is not told at link time takes itself for one of Kubernetes 1.20.
chart=helm.sh/helm/v3/pkg/chartutil lint=helm.sh/helm/v3/pkg/lint/rules
from_module helm helm.sh/helm/v3/cmd/helm v3.19.2 \
    -X helm.sh/helm/v3/internal/version.version=v3.19.2 \
    -X $chart.k8sVersionMajor=1 -X $chart.k8sVersionMinor=34 -X $lint.k8sVersionMajor=1 -X $lint.k8sVersionMinor=34

# Its service discovery for every cloud would take more than half of the build.
GOFLAGS=-tags=remove_all_sd from_module promtool github.com/prometheus/prometheus/cmd/promtool v0.316.0

# The controller, and its chart with the CustomResourceDefinitions, roles and webhooks of the same version.
kueue=v0.17.0
from_module kueue sigs.k8s.io/kueue/cmd/kueue $kueue
if [[ ! -d $tools/kueue-chart-$kueue ]]; then
    module=$("$go" mod download -json "sigs.k8s.io/kueue@$kueue" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Dir"])')
    cp -r "$module/charts/kueue" "$tools/kueue-chart-$kueue.part"
    chmod -R u+w "$tools/kueue-chart-$kueue.part"
    mv "$tools/kueue-chart-$kueue.part" "$tools/kueue-chart-$kueue"
fi
ln -sfn "kueue-chart-$kueue" "$tools/kueue-chart"

# Not every proxy follows kube-linter's own module name; the repository behind it serves the same.
kube_linter=v0.8.3 module=golang.stackrox.io/kube-linter
if [[ ! -x $tools/kube-linter-$kube_linter ]]; then
    build=$(mktemp -d)
    printf 'module tools\n\ngo 1.24\n\nrequire %s %s\n\nreplace %s => github.com/stackrox/kube-linter %s\n' \
        "$module" "$kube_linter" "$module" "$kube_linter" > "$build/go.mod"
    (cd "$build" && GOFLAGS=-mod=mod CGO_ENABLED=0 "$go" build -ldflags "-s -w" \
        -o "$tools/kube-linter-$kube_linter" "$module/cmd/kube-linter") >&2
    rm -rf "$build"
fi
ln -sf "kube-linter-$kube_linter" "$tools/kube-linter"
echo "$tools"
