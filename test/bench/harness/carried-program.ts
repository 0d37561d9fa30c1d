// PID 1 of the guest that measures runv's own carriers: the agent's ports, and on each the talk of bare-init.c.
import { listeningMark } from "@runv/protocol";
import { occupyStdio, prepareRoot } from "../../../agent/src/boot.ts";
import { findCarrier } from "../../../agent/src/io/carrier.ts";
import {
  close,
  type Fd,
  read,
  rewatch,
  runLoop,
  unwatch,
  watch,
  write,
} from "../../../agent/src/linux/sys.ts";

const EPOLLIN = 1;
const EPOLLOUT = 4;
const headerBytes = 17;
const block = new Uint8Array(65_536);
const stderr = 2;

/** One connection: a letter and 16 digits, again and again. */
function talk(connection: Fd): void {
  const state = { header: "", mode: "", left: 0, back: new Uint8Array(0) };
  const step = (): number => {
    if (state.left === 0 && state.back.length === 0) return readHeader();
    if (state.mode === "S") {
      state.left -= write(connection, block.subarray(0, Math.min(block.length, state.left)));
      return EPOLLOUT;
    }
    if (state.back.length > 0) {
      state.back = state.back.slice(write(connection, state.back));
      return state.back.length > 0 ? EPOLLOUT : EPOLLIN;
    }
    const bytes = read(connection, block.length);
    if (bytes.length === 0) throw new Error("ended");
    state.left -= bytes.length;
    if (state.mode === "E") state.back = bytes.slice();
    else if (state.left === 0) state.back = new Uint8Array(1);
    return state.back.length > 0 ? EPOLLOUT : EPOLLIN;
  };
  const readHeader = (): number => {
    const bytes = read(connection, headerBytes - state.header.length);
    if (bytes.length === 0) throw new Error("ended");
    state.header += String.fromCharCode(...bytes);
    if (state.header.length < headerBytes) return EPOLLIN;
    state.mode = state.header.slice(0, 1);
    state.left = Number(state.header.slice(1));
    state.header = "";
    return state.mode === "S" ? EPOLLOUT : EPOLLIN;
  };
  watch(connection, EPOLLIN, () => {
    try {
      rewatch(connection, step());
    } catch (thrown) {
      if (String(thrown).includes("EAGAIN")) return;
      unwatch(connection);
      close(connection);
    }
  });
}

occupyStdio();
const carrier = findCarrier(() => void write(stderr, `${listeningMark}\n`));
prepareRoot();
carrier.open((ports) => {
  for (const port of [ports.control, ports.io, ports.bulk]) port.serve(talk);
});
runLoop((error) => void write(stderr, `${String(error)}\n`));
