#!/usr/bin/env bash
# The product as a cluster runs it: builds the images, brings up ../shared/kube's cluster with them, and runs the tests
# that need one. What is under way in that cluster is lost.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kit=$PWD/../shared/kube
kube_home=${KUBE_HOME:-$HOME/.cache/kube-here}
step() { printf '\n--- %s (%d s)\n' "$*" "$SECONDS"; }

step "images"
mkdir -p target
bash "$kit/base-image.sh"
# trainers here live for seconds: a second compiler would cost more than it gains, half of what they cost in all
python3 .ci/base-image.py "$kube_home/img/java-base.tar" target/java-base.tar SOCRATIC_JAVA_OPTS=-XX:TieredStopAtLevel=1
mvn -q -B -ntp -pl operator,trainer-image -am -DskipTests package jib:buildTar \
    "-Djib.from.image=tar://$PWD/target/java-base.tar"

step "the cluster, and meanwhile the same images again"
same_again() {
    if [[ -d .git && -z $(git status --porcelain) ]]; then
        # the pods' tests come first, and wait often enough to leave it time
        nice -n 19 .ci/reproducible.sh "-Djib.from.image=tar://$PWD/target/java-base.tar"
    else
        echo "left out, this is no clean clone: the digests of a second build"
    fi
}
bash "$kit/down.sh" > /dev/null 2>&1 || true
trap 'wait; bash "$kit/down.sh" > /dev/null 2>&1 || true' EXIT
same_again > target/same-again.log 2>&1 &
same_again=$!
cp operator/target/jib-image.tar "$kube_home/img/socratic-operator.tar"
cp trainer-image/target/jib-image.tar "$kube_home/img/socratic-trainer.tar"
tools=$(.ci/tools.sh)
install -D "$tools/kueue" target/kueue/manager
python3 "$kit/image.py" "$kube_home/img/kueue.tar" localhost/kueue:local target/kueue /manager
# once more where a node's containerd has lost a layer between two imports
bash "$kit/up.sh" > /dev/null || { bash "$kit/down.sh" > /dev/null 2>&1; bash "$kit/up.sh" > /dev/null; }

step "images and the life of a run, in pods"
export SOCRATIC_TEST_TOOLS=$kube_home/bin:$tools SOCRATIC_TEST_KUBECONFIG=$kube_home/kubeconfig
reports=deploy/cluster-tests/target/surefire-reports
rm -rf "$reports"
mvn -q -B -ntp -pl deploy/cluster-tests -am test -Dtest='dev/socratic/cluster/life/*Test,ImageTest' -Dsurefire.failIfNoSpecifiedTests=false
for class in deploy/cluster-tests/src/test/java/dev/socratic/cluster/life/*Test.java \
    deploy/cluster-tests/src/test/java/dev/socratic/cluster/install/ImageTest.java; do
    report=$(find "$reports" -name "TEST-*.$(basename "$class" .java).xml")
    if [[ -z $report ]] || ! grep -q '<testcase' "$report" || grep -q '<skipped' "$report"; then
        echo "not run: $class" >&2
        exit 1
    fi
done

step "the same images again"
wait "$same_again" || { cat target/same-again.log >&2; exit 1; }
cat target/same-again.log
step "done"
