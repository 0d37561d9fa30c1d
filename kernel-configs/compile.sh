#!/bin/bash
# compile.sh PARTIAL CACHE JOBS PACKAGE VERSION SUITE HASH FRAGMENT...
# The slow half of build.sh: source, configuration, compilation, checks. Leaves its outputs in PARTIAL/result.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
. "$here/progress.sh"
partial=$1 cache=$2 jobs=$3 package=$4 version=$5 suite=$6 hash=$7 fragments=("${@:8}")
readonly bzimage_limit_bytes=$((4 * 1024 * 1024)) disk_need_mib=3500

missing=()
while read -r name; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
done <"$here/debian-packages.txt"
((${#missing[@]} == 0)) || fail "missing Debian packages: ${missing[*]}: apt-get install ${missing[*]}"
free_mib=$(df --output=avail --block-size=1M "$partial" | tail -n 1)
((free_mib >= disk_need_mib)) || fail "not enough disk: $partial: $free_mib MiB free, a build needs $disk_need_mib MiB"
node "$here/check-fragments.mjs" "${fragments[@]}"

deb=$cache/${package}_${version}_all.deb
if [[ ! -e $deb ]]; then
  say "fetching $package $version"
  fetched=$(node "$here/source.mjs" fetch "$package" "$version" "$partial" ${suite:+"$suite"})
  mv -T "$fetched" "$deb"
fi

say "unpacking $package $version"
mkdir "$partial/source" "$partial/build" "$partial/result"
dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" |
  tar -xJ -C "$partial/source" --strip-components=1

# The image names no machine and no hour: the same inputs make the same kernel
export ARCH=x86_64 KBUILD_BUILD_USER=runv KBUILD_BUILD_HOST=runv KBUILD_BUILD_VERSION=1
KBUILD_BUILD_TIMESTAMP=$(date --utc --date="@$(stat -c %Y "$partial/source/Makefile")")
export KBUILD_BUILD_TIMESTAMP LC_ALL=C
log=$cache/$hash.log
build=$partial/build

cd "$partial/source"
say "configuring: tinyconfig and ${#fragments[@]} fragments"
{
  make O="$build" tinyconfig
  scripts/kconfig/merge_config.sh -n -O "$build" "$build/.config" "${fragments[@]}"
} >"$log" 2>&1 || { tail -n 30 "$log" >&2 && fail "configuration failed: the whole log is $log"; }
node "$here/check-fragments.mjs" --final "$build/.config" "${fragments[@]}"

say "compiling with $jobs jobs"
if ! make O="$build" -j"$jobs" vmlinux bzImage 2>&1 | tee -a "$log" | {
  objects=0
  while read -r _; do ((++objects % 500)) || say "compiling: $objects steps"; done
}; then
  tail -n 30 "$log" >&2
  fail "compilation failed: the whole log is $log"
fi

say "checking the images"
objcopy --strip-all "$build/vmlinux" "$partial/result/vmlinux"
cp "$build/arch/x86/boot/bzImage" "$partial/result/bzImage"
cp "$build/.config" "$partial/result/config"
cp "$build/System.map" "$partial/result/System.map"
# Note type 18 of owner Xen is the address where a PVH loader enters (XEN_ELFNOTE_PHYS32_ENTRY)
readelf --notes --wide "$partial/result/vmlinux" | grep -qE '^ *Xen .*0x0*12\b' ||
  fail "no PVH entry: vmlinux: QEMU could not load it"
size=$(stat -c %s "$partial/result/bzImage")
((size <= bzimage_limit_bytes)) || fail "too large: bzImage: $size bytes, the limit is $bzimage_limit_bytes"

cat >"$partial/result/build-info.json" <<END
{
  "sourcePackage": "$package",
  "sourceVersion": "$version",
  "configHash": "$(sha256sum "$partial/result/config" | cut -d' ' -f1)",
  "inputsHash": "$hash",
  "compiler": "$(gcc -dumpfullversion -dumpmachine | paste -sd' ' | sed 's/^/gcc /')"
}
END
say "done: vmlinux $(stat -c %s "$partial/result/vmlinux") bytes, bzImage $size bytes"
