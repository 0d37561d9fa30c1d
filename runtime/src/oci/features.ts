import { hookKinds } from "./hooks-spec.ts";
import { capabilityNames, namespaceTypes } from "./linux-names.ts";
import { bindOptions, mountFlagOptions, propagationOptions, recursiveOptions } from "./mount-options.ts";
import {
  listenerFlag,
  seccompActions,
  seccompArchitectures,
  seccompFlags,
  seccompOperators,
} from "./seccomp-spec.ts";
import { newestOciVersion, oldestOciVersion } from "./versions.ts";

/**
 * What `runv features` prints (runtime-spec: features.md, features-linux.md): what a config.json may ask of this runv.
 * Namespaces, capabilities and devices are the guest's.
 */
export function runtimeFeatures(runtimeVersion: string): unknown {
  return {
    ociVersionMin: oldestOciVersion,
    ociVersionMax: newestOciVersion,
    hooks: hookKinds,
    mountOptions: [...mountFlagOptions, ...propagationOptions, ...recursiveOptions, ...bindOptions].sort(),
    linux: {
      namespaces: [...namespaceTypes].sort(),
      capabilities: capabilityNames,
      // Where the container's processes are placed on the host.
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: false, rdma: false },
      seccomp: {
        enabled: true,
        actions: seccompActions,
        operators: seccompOperators,
        archs: seccompArchitectures,
        knownFlags: [...seccompFlags, listenerFlag].sort(),
        // By the guest kernel that comes with runv.
        supportedFlags: seccompFlags,
      },
      apparmor: { enabled: false },
      selinux: { enabled: false },
      intelRdt: { enabled: false },
      // What the host shares with a guest (virtiofs, 9p) cannot show other ids: only what is copied in can.
      mountExtensions: { idmap: { enabled: false } },
      netDevices: { enabled: false },
    },
    annotations: { "io.runv.version": runtimeVersion },
  };
}
