#!/bin/sh
# Runs a SocraticFineTune on this machine, from its YAML to the adapter: deploy/local/run.sh FILE.yaml [--keep]
# Needs a JDK (17 or newer) and, until everything is built, Maven (3.8.6 or newer). See docs/local.md.
set -eu

fail() {
    echo "run.sh: $1" >&2
    exit 70
}

# the repository, also when this file is called through symbolic links
self=$0
while [ -h "$self" ]; do
    target=$(readlink "$self")
    case $target in
        /*) self=$target ;;
        *) self=$(dirname "$self")/$target ;;
    esac
done
home=$(CDPATH='' cd -P "$(dirname "$self")/../.." && pwd)

if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, but $java cannot be run; set it to a JDK, 17 or newer"
else
    java=$(command -v java) || fail "no java in the PATH; install a JDK, 17 or newer, or set JAVA_HOME"
fi
version=$("$java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.specification\.version = //p')
case $version in
    '' | *[!0-9]*) fail "$java is Java ${version:-of an unknown version}; needed is 17 or newer (set JAVA_HOME)" ;;
    *) [ "$version" -ge 17 ] || fail "$java is Java $version; needed is 17 or newer (set JAVA_HOME)" ;;
esac

# A module is built when its jar, or the stamp of the last build by this script, is newer than all of its sources.
stamp=$home/deploy/local/target/built
built() {
    module=$home/$1
    jar=$module/target/$2.jar
    [ -f "$jar" ] || return 1
    newest=$jar
    if [ -f "$stamp" ] && [ "$stamp" -nt "$jar" ]; then newest=$stamp; fi
    [ -z "$(find "$home/pom.xml" "$module/pom.xml" "$module/src/main" -newer "$newest" -print | head -n 1)" ]
}
# A module's copy of another module's jar is that jar.
fresh() {
    cmp -s "$home/$1" "$home/$2"
}
v=0.1.0-SNAPSHOT
everything_built() {
    built crds "socratic-crds-$v" && built operator "socratic-operator-$v" \
        && built trainer-image "socratic-trainer-$v" && built deploy/local "socratic-local-$v" \
        && fresh "deploy/local/target/lib/socratic-crds-$v.jar" "crds/target/socratic-crds-$v.jar" \
        && fresh "deploy/local/target/lib/socratic-operator-$v.jar" "operator/target/socratic-operator-$v.jar" \
        && fresh "trainer-image/target/lib/socratic-crds-$v.jar" "crds/target/socratic-crds-$v.jar"
}
if ! everything_built; then
    mvn=$(command -v mvn) || fail "no mvn in the PATH; install Maven, 3.8.6 or newer: it is needed once, to build"
    echo "building (once; a first build also downloads libraries) ..."
    (cd "$home" && "$mvn" -q -B -DskipTests -pl deploy/local,trainer-image -am package) \
        || fail "the build failed; what Maven says is above"
    : >"$stamp"
fi

# shellcheck disable=SC2086  # several options in one variable
exec "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Xmx512m \
    -Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8 -Dsun.stdout.encoding=UTF-8 \
    -Dstderr.encoding=UTF-8 -Dsun.stderr.encoding=UTF-8 \
    ${SOCRATIC_LOCAL_JAVA_OPTS:-} \
    -Dsocratic.home="$home" \
    -cp "$home/deploy/local/target/socratic-local-$v.jar:$home/deploy/local/target/lib/*" \
    dev.socratic.local.LocalMode "$@"
