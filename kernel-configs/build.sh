#!/bin/bash
# Builds the guest kernel, or takes it from the cache, and puts vmlinux, bzImage, config, System.map and
# build-info.json into DIR.
#
#   kernel-configs/build.sh [--source PACKAGE] [--suite SUITE] [--jobs N] --out DIR
#
#   --source PACKAGE  a linux-source package; the default and the versions are in pins.json
#   --suite SUITE     take it from this Debian suite instead of the machine's own apt sources
#   --jobs N          compilers at a time (all processors)
#
# The cache is ${RUNV_CACHE_DIR:-.cache}/kernel/HASH, HASH being that of what shapes the kernel: the fragments,
# compile.sh, the package's name and its upstream version. A directory of that name is always complete.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/progress.sh"
usage='usage: build.sh [--source PACKAGE] [--suite SUITE] [--jobs N] --out DIR'

package='' suite='' out='' jobs=$(nproc)
while (($#)); do
  (($# > 1)) || fail "$usage"
  case $1 in
    --source) package=$2 ;;
    --suite) suite=$2 ;;
    --jobs) jobs=$2 ;;
    --out) out=$2 ;;
    *) fail "$usage" ;;
  esac
  shift 2
done
[[ -n $out && $jobs =~ ^[1-9][0-9]*$ ]] || fail "$usage"
[[ $(uname -m) == x86_64 ]] || fail "cannot build: guest kernel: only x86_64 is supported, this is $(uname -m)"

read -r pinned_package pinned_version < <(node "$here/source.mjs" pin)
package=${package:-$pinned_package}
[[ $package =~ ^linux-source-([0-9]+\.[0-9]+)$ ]] || fail "not a kernel source package: $package: linux-source-X.Y is"
series=${BASH_REMATCH[1]}

shopt -s nullglob
fragments=("$here"/common/*.config "$here"/x86_64/*.config "$here/x86_64/$series"/*.config)

# hash_for UPSTREAM_VERSION: names relative to this folder, so that every checkout has the same hash
hash_for() {
  (
    cd "$here"
    printf '%s %s\n' "$package" "$1"
    sha256sum -- "${fragments[@]#"$here/"}" compile.sh
  ) | sha256sum | cut -c1-24
}

cache=$(realpath -m "${RUNV_CACHE_DIR:-$here/../.cache}")/kernel
[[ $here$cache != *[[:space:]:]* ]] || fail "cannot build below such a path: $cache: no blanks or colons, please"
mkdir -p "$cache"

# The pinned version needs no look at apt when it is built already
hash=''
[[ $package == "$pinned_package" && -z $suite ]] && hash=$(hash_for "$pinned_version")
if [[ -z $hash || ! -e $cache/$hash ]]; then
  version=$(node "$here/source.mjs" resolve "$package" ${suite:+"$suite"})
  upstream=${version%-*} && upstream=${upstream#*:}
  hash=$(hash_for "$upstream")
  [[ $package != "$pinned_package" || $upstream == "$pinned_version" ]] ||
    say "$package $pinned_version is gone from the apt sources: using $upstream"
fi

if [[ ! -e $cache/$hash ]]; then
  exec {lock}>"$cache/$hash.lock"
  flock --nonblock "$lock" || { say "waiting for another build of the same kernel" && flock "$lock"; }
fi
if [[ ! -e $cache/$hash ]]; then
  rm -rf "$cache/$hash".partial.* "$cache/$hash.log"
  partial=$(mktemp -d "$cache/$hash.partial.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  # A process group of its own, so that an interrupted build ends with all its compilers
  set -m
  "$here/compile.sh" "$partial" "$cache" "$jobs" "$package" "$version" "$suite" "$hash" "${fragments[@]}" &
  compiling=$!
  report_steps "$cache/$hash.log" &
  reporting=$!
  set +m
  trap 'kill -- "-$reporting" || true; rm -rf "$partial"' EXIT
  trap 'kill -- "-$compiling"; wait "$compiling" || true; exit 130' INT TERM HUP
  wait "$compiling"
  kill -- "-$reporting"
  trap 'rm -rf "$partial"' EXIT
  mv -T "$partial/result" "$cache/$hash"
fi

mkdir -p "$out"
for file in vmlinux bzImage config System.map build-info.json; do
  ln -f "$cache/$hash/$file" "$out/$file" 2>/dev/null || cp -f "$cache/$hash/$file" "$out/$file"
done
say "$out: $(tr -d '\n{}"' <"$cache/$hash/build-info.json" | tr -s ' ')"
