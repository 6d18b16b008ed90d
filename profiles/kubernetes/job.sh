#!/bin/sh
# One of Snakemake's jobs as a job of Kubernetes:
#   job.sh submit THREADS MEGABYTES MINUTES GPUS SCRIPT   prints the job's name
#   job.sh status NAME                                    prints success, failed or running
#   job.sh cancel NAME...
# HALFSPACE_IMAGE names the image.
set -eu
here=$(dirname "$0")
case $1 in
submit)
    : "${HALFSPACE_IMAGE:?names the image}"
    name="halfspace-$(date +%s)-$$"
    sed -e "s|@NAME@|$name|" -e "s|@IMAGE@|$HALFSPACE_IMAGE|" \
        -e "s|@THREADS@|$2|" -e "s|@MEGABYTES@|$3|" -e "s|@SECONDS@|$((60 * $4))|" \
        -e "s|@GPUS@|$5|" -e "s|@SCRIPT@|$6|" "$here/job.yaml" | kubectl create -f - >/dev/null
    echo "$name"
    ;;
status)
    ended=$(kubectl get job "$2" -o 'jsonpath={.status.succeeded} {.status.failed}') || ended='0 1'
    case $ended in
    1*) echo success ;;
    ' ' | '') echo running ;;
    *) echo failed ;;
    esac
    ;;
cancel)
    shift
    kubectl delete job --ignore-not-found "$@" >/dev/null
    ;;
esac
