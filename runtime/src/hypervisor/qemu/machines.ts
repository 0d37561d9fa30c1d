import type { MachineChoice } from "../../config/choices.ts";
import type { QemuAccel } from "./accel.ts";

/** A machine type: what it is made of, and what the guest's kernel must be told of it. */
export interface Machine {
  readonly name: Exclude<MachineChoice, "auto">;
  /** Properties of -machine, besides accelerator and memory. */
  properties(accel: QemuAccel): string;
  readonly kernelParameters: readonly string[];
  /** The bus of its virtio devices: the end of their names. */
  readonly virtioBus: "device" | "pci";
  /** How much of its memory lies below the addresses that end at 4 GiB, which devices share; the rest begins there. */
  lowMemoryMib(memoryMib: number): number;
  /** The firmware keeps its tables at the end of that. */
  readonly hasTablesInLowMemory: boolean;
  /** Whether there is a second serial port, beside the console's. */
  readonly hasSecondSerialPort: boolean;
}

/**
 * Without KVM's clock the guest needs PIT and PIC: with them off it does not boot under emulation; and without an RTC it waits for
 * one, which makes a boot of 0.7 s one of 1.7 s.
 */
const microvm: Machine = {
  name: "microvm",
  properties: (accel) => {
    const timers = accel === "kvm" ? "pit=off,pic=off,rtc=off" : "pit=on,pic=on,rtc=on";
    return `acpi=off,isa-serial=on,${timers}`;
  },
  // It has no PCI bus to look for.
  kernelParameters: ["pci=off"],
  virtioBus: "device",
  lowMemoryMib: () => 3072,
  hasTablesInLowMemory: false,
  hasSecondSerialPort: false,
};

/** Ordinary computers, without the devices that a guest of ours has no use for. */
const q35: Machine = {
  name: "q35",
  properties: () => "vmport=off,smm=off,sata=off,smbus=off,i8042=off,usb=off",
  kernelParameters: [],
  virtioBus: "pci",
  lowMemoryMib: (memoryMib) => (memoryMib >= 2816 ? 2048 : 2816),
  hasTablesInLowMemory: true,
  hasSecondSerialPort: true,
};

const pc: Machine = {
  ...q35,
  name: "pc",
  properties: () => "vmport=off,smm=off,i8042=off,usb=off",
  lowMemoryMib: (memoryMib) => (memoryMib >= 3584 ? 3072 : 3584),
};

const machines: Readonly<Record<Machine["name"], Machine>> = { microvm, q35, pc };

export function machineNamed(name: Machine["name"]): Machine {
  return machines[name];
}

/** The name of a virtio device on this machine: `virtio-blk` is `virtio-blk-device` or `virtio-blk-pci`. */
export function virtioDevice(machine: Machine, name: string): string {
  return `${name}-${machine.virtioBus}`;
}
