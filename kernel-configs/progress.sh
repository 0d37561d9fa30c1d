# shellcheck shell=bash
# Sourced by the kernel builder's scripts: progress with the time since the build began, and errors.
: "${RUNV_KERNEL_BEGAN:=$EPOCHSECONDS}"
export RUNV_KERNEL_BEGAN

say() { printf 'kernel: %4d s  %s\n' $((EPOCHSECONDS - RUNV_KERNEL_BEGAN)) "$*" >&2; }

fail() {
  printf 'kernel: %s\n' "$*" >&2
  exit 1
}

# About as many lines as a build logs: a share of them is all that can be told of how far it is
: "${RUNV_KERNEL_USUAL_STEPS:=2600}" "${RUNV_KERNEL_REPORT_SECONDS:=10}"

# report_steps LOG: says again and again how far a build is, until it is killed
report_steps() {
  local steps percent last=0
  # Not to hold the caller's output open when only this is left of an interrupted build
  while sleep "$RUNV_KERNEL_REPORT_SECONDS" >/dev/null 2>&1; do
    [[ -e $1 ]] || continue
    steps=$(wc -l <"$1")
    ((steps > last)) || continue
    last=$steps percent=$((steps * 100 / RUNV_KERNEL_USUAL_STEPS))
    say "compiling: $steps steps, about $((percent < 99 ? percent : 99)) %"
  done
}
