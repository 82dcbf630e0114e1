#include "launch/slurm_script.hpp"

namespace repro::launch {

// A shell waits for a child only until a signal comes that it traps: so it waits again. A worker
// that was stopped because the time limit comes near has written its checkpoint and ended with 130.
std::string_view slurm_script() {
  return R"sh(#!/bin/sh
# Does one task of a job array that `repro run --launcher slurm` submitted:
#   job.sh NAME LIST WORKER CONTINUATIONS
# LIST names a run directory a line, the first for index 0. TERM (scancel) and USR1 (the time limit comes near) let the
# worker write its checkpoint; after USR1 the task goes back into the queue and continues there.
name=$1 list=$2 worker=$3 continuations=$4
index=${SLURM_ARRAY_TASK_ID:-0}
directory=$(sed -n "$((index + 1))p" "$list" 2>/dev/null)
if [ -z "$directory" ] || ! [ -d "$directory" ]; then
  echo "$(hostname): sees no run directory of index $index in $list" >&2
  exit 66
fi
child=
near=
trap 'heard=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
trap 'heard=yes; near=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' USR1
# After a failure of its first node another copy of this job may still be at work: it has the lock, and is waited for.
REPRO_LOCK_PATIENCE=${REPRO_LOCK_PATIENCE:-300}
export REPRO_LOCK_PATIENCE
"$worker" "$directory" </dev/null >>"$directory/stdout.log" 2>>"$directory/stderr.log" &
child=$!
[ -z "$near" ] || kill -TERM "$child" 2>/dev/null
code=127
while :; do
  heard=
  wait "$child"
  ended=$?
  [ "$ended" = 127 ] || code=$ended
  [ -n "$heard" ] || break
done
if [ -n "$near" ] && [ "$code" = 130 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$continuations" ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_$index" && exit 0
fi
echo "$name $index $code" >"$directory/.ended"
exit "$code"
)sh";
}

}  // namespace repro::launch
