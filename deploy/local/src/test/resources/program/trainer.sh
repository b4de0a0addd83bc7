#!/bin/sh
# Stands for the trainer's image where a test is about the node, not about training.
#   end CODE MESSAGE   leaves the message and ends with the code
#   hold FILE          writes its process id to FILE and waits for SIGTERM, then ends with 75
#   ignore FILE        the same, deaf to SIGTERM
#   write FILE         writes its variables and arguments to FILE and ends with 0
set -eu
case "$1" in
end)
    printf '%s' "$3" >"$SOCRATIC_TERMINATION_LOG"
    echo "ending with $2"
    exit "$2"
    ;;
hold)
    trap 'exit 75' TERM
    echo $$ >"$2.new"
    mv "$2.new" "$2"
    while :; do
        sleep 600 &
        wait $!
    done
    ;;
ignore)
    trap '' TERM
    echo $$ >"$2.new"
    mv "$2.new" "$2"
    while :; do sleep 600; done
    ;;
write)
    shift
    {
        env
        printf 'argument %s\n' "$@"
    } >"$1.new"
    mv "$1.new" "$1"
    ;;
esac
