# shellcheck shell=bash
# Sourced by the kernel builder's scripts: progress with the time since the build began, and errors.
: "${RUNV_KERNEL_BEGAN:=$EPOCHSECONDS}"
export RUNV_KERNEL_BEGAN

say() { printf 'kernel: %4d s  %s\n' $((EPOCHSECONDS - RUNV_KERNEL_BEGAN)) "$*" >&2; }

fail() {
  printf 'kernel: %s\n' "$*" >&2
  exit 1
}
