import type { Accel, CarrierChoice, MachineChoice } from "../../config/choices.ts";
import { absent, type Capability, type Finding, neededOf, present } from "../../shared/capability.ts";
import type { ShareDriver } from "../../shared/share.ts";
import type { HypervisorSupport, ProbeRequest } from "../hypervisor.ts";
import { vhostUserProgram } from "./carriers.ts";
import { type HostFacts, lookAtHost } from "./host-facts.ts";
import { debianPackage, program } from "./program.ts";
import { plan9Flaw, shareDevices } from "./share-problem.ts";

type Named<Choice> = Exclude<Choice, "auto">;
type Find<Choice extends string> = Readonly<Record<Named<Choice>, (facts: HostFacts) => Finding>>;

/** What is needed of the host for each thing that can be configured: an entry for every choice. */
const accels: Find<Accel> = {
  kvm: ({ emulator, kvm }) => {
    if (kvm.problem !== null) return absent("kvm", kvm.problem, kvm.remedy);
    return built("kvm", emulator, "accels", "hardware virtualisation");
  },
  tcg: ({ emulator }) => built("tcg", emulator, "accels", "software emulation"),
};

const machines: Find<MachineChoice> = {
  microvm: ({ emulator }) => built("microvm", emulator, "machines", "no PCI, boots fastest"),
  q35: ({ emulator }) => built("q35", emulator, "machines", "PCI Express"),
  pc: ({ emulator }) => built("pc", emulator, "machines", "PCI"),
};

const carriers: Find<CarrierChoice> = {
  "vhost-vsock": ({ emulator, vhostVsock }) =>
    vhostVsock.problem === null
      ? withDevice("vhost-vsock", emulator, "vhost-vsock-device", vhostVsock.path)
      : absent("vhost-vsock", vhostVsock.problem, "modprobe vhost_vsock"),
  "vhost-user-vsock": ({ emulator, vhostUser }) =>
    vhostUser.problem === null
      ? withDevice("vhost-user-vsock", emulator, "vhost-user-vsock-device", vhostUser.version)
      : absent("vhost-user-vsock", vhostUser.problem, `apt-get install ${vhostUserProgram}`),
  "virtio-serial": ({ emulator }) => withDevice("virtio-serial", emulator, "virtserialport", `by ${program}`),
  "isa-serial": ({ emulator, serialPorts }) =>
    serialPorts.problem === null
      ? withDevice(
          "isa-serial",
          emulator,
          "isa-serial",
          `by ${program}, with the machine types q35 and pc, very slow`,
        )
      : absent("isa-serial", serialPorts.problem),
};

const shares: Readonly<Record<ShareDriver, (facts: HostFacts) => Finding>> = {
  virtiofs: ({ emulator, virtiofsd }) =>
    virtiofsd.problem === null
      ? withDevice("virtiofs", emulator, shareDevices.virtiofs, withFlaw(virtiofsd.path, virtiofsd.flaw))
      : absent("virtiofs", virtiofsd.problem, "apt-get install virtiofsd"),
  "9p": ({ emulator }) =>
    withDevice("9p", emulator, shareDevices["9p"], withFlaw(`by ${program}`, plan9Flaw)),
};

/** What this host has for virtual machines run by QEMU. */
export async function probe(request: ProbeRequest): Promise<HypervisorSupport> {
  const facts = await lookAtHost(request);
  return { capabilities: capabilities(facts, request), shares: shareFindings(facts) };
}

export function shareFindings(facts: HostFacts): readonly Finding[] {
  return Object.values(shares).map((find) => find(facts));
}

export function capabilities(
  facts: HostFacts,
  wanted: Pick<ProbeRequest, "accel" | "machine" | "carrier">,
): readonly Capability[] {
  const of = (found: Readonly<Record<string, (facts: HostFacts) => Finding>>): readonly Finding[] =>
    Object.values(found).map((find) => find(facts));
  return [
    { name: "hypervisor", needs: "all", findings: [emulatorFinding(facts)] },
    { name: "accelerators", needs: neededOf(wanted.accel), findings: of(accels) },
    { name: "machine types", needs: neededOf(wanted.machine), findings: of(machines) },
    { name: "carriers", needs: neededOf(wanted.carrier), findings: of(carriers) },
  ];
}

function emulatorFinding({ emulator }: HostFacts): Finding {
  if (emulator.problem !== null) return absent("qemu", emulator.problem, `apt-get install ${debianPackage}`);
  return present("qemu", `${emulator.version}, ${emulator.path}`);
}

type Emulator = HostFacts["emulator"];

function built(name: string, emulator: Emulator, kind: "accels" | "machines", detail: string): Finding {
  if (emulator.problem !== null) return absent(name, `it needs ${program}`);
  return emulator[kind].includes(name)
    ? present(name, detail)
    : absent(name, `this ${program} is built without it (-${kind.slice(0, -1)} help lists what it has)`);
}

function withDevice(name: string, emulator: Emulator, device: string, detail: string): Finding {
  if (emulator.problem !== null) return absent(name, `it needs ${program}`);
  return emulator.devices.includes(device)
    ? present(name, detail)
    : absent(name, `this ${program} has no device ${device}: it is built without it, or too old`);
}

function withFlaw(detail: string, flaw: string | null): string {
  return flaw === null ? detail : `${detail}; ${flaw}`;
}
