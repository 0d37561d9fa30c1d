/**
 * The C module under every program that runs on QuickJS: the agent in the guest, the monitor, the proxy and the packer on the
 * host. One function a system call where that is enough; what moves bytes (pumps, relays, tar) or must not be interrupted by
 * garbage collection lives whole in C. C holds no policy: every path, flag and limit comes from TypeScript.
 *
 * Failures throw an Error whose `code` is the errno name ("ENOENT"), `errno` its number and `syscall` the call; the message
 * is "ENOENT: no such file or directory: mount /proc". Names with bytes that are not UTF-8 never pass through here: the tar
 * reader and the packer handle them in C.
 */
declare module "runv:sys" {
  /** An open file descriptor. Everything opened here is close-on-exec. */
  export type Fd = number;

  // ── files (native/files.c) ────────────────────────────────────────────────────────────────────────────────────────────
  export interface Stat {
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly sizeBytes: number;
    readonly links: number;
    readonly device: number;
    readonly inode: number;
    readonly rdevMajor: number;
    readonly rdevMinor: number;
  }
  /** open(2); O_CLOEXEC is added. `mode` defaults to 0. */
  export function open(path: string, flags: number, mode?: number): Fd;
  /** close(2); its watch goes with it. Throws EBUSY when a pump (relay, processIo) owns the descriptor. */
  export function close(fd: Fd): void;
  /** read(2): at most `maxBytes`; an empty array at end of file. Throws EAGAIN on a non-blocking descriptor without data. */
  export function read(fd: Fd, maxBytes: number): Uint8Array;
  /** write(2): how many bytes were taken; throws EAGAIN when none could be. Strings go out as UTF-8. */
  export function write(fd: Fd, data: Uint8Array | string): number;
  /** Whole file as text (invalid UTF-8 replaced). Throws EFBIG when it holds more than `maxBytes`. */
  export function readFile(path: string, maxBytes: number): string;
  /** open(O_WRONLY | flags), write all, close. `flags` defaults to 0 (the file must exist: what /proc and /sys want). */
  export function writeFile(path: string, data: string | Uint8Array, flags?: number, mode?: number): void;
  export function stat(path: string): Stat;
  export function lstat(path: string): Stat;
  export function fstat(fd: Fd): Stat;
  export function access(path: string, mode: number): void;
  export function mkdir(path: string, mode: number): void;
  export function rmdir(path: string): void;
  export function unlink(path: string): void;
  export function rename(from: string, to: string): void;
  export function symlink(target: string, path: string): void;
  export function link(from: string, to: string): void;
  export function readlink(path: string): string;
  export function mknod(path: string, mode: number, major: number, minor: number): void;
  export function chmod(path: string, mode: number): void;
  /** lchown(2): a symlink at the end is not followed. */
  export function chown(path: string, uid: number, gid: number): void;
  export function fchown(fd: Fd, uid: number, gid: number): void;
  export function readdir(path: string): string[];
  /** rm -rf: never follows symlinks, and a mount point in the tree is EBUSY. Absent is fine. */
  export function removeTree(path: string): void;
  /** rmdir(2) of a directory and those below it, at most `levels` deep; files are left (a cgroup's go with it). Throws EBUSY while one is in
   * use. Absent is fine. */
  export function removeDirectories(path: string, levels: number): void;
  export function umask(mask: number): number;
  export function chdir(path: string): void;
  export function fchdir(fd: Fd): void;
  export function getcwd(): string;
  export function chroot(path: string): void;
  export function pipe(): [reader: Fd, writer: Fd];
  /** A copy of the descriptor, close-on-exec, with the lowest free number from `least` on. */
  export function dup(fd: Fd, least?: number): Fd;
  /** dup2(2); the copy is not close-on-exec. Equal numbers just clear close-on-exec. */
  export function dup2(from: Fd, to: Fd): void;
  export function setCloexec(fd: Fd, on: boolean): void;
  export function setNonblock(fd: Fd, on: boolean): void;
  /** Closes every descriptor >= `from` that is not in `keep`, the loop's own too: for children after `afterFork`. */
  export function closeFrom(from: Fd, keep: readonly Fd[]): void;
  export function memfd(name: string): Fd;
  /** ftruncate(2). */
  export function truncate(fd: Fd, sizeBytes: number): void;
  /** pwrite(2) of everything at `offsetBytes`. */
  export function writeAt(fd: Fd, data: Uint8Array, offsetBytes: number): void;

  // ── mounts (native/mounts.c) ──────────────────────────────────────────────────────────────────────────────────────────
  export function mount(source: string, target: string, type: string, flags: number, data: string): void;
  export function umount(target: string, flags: number): void;
  /** mount_setattr(2), Linux 5.12: sets and clears MOUNT_ATTR_* of the mount at `target`, and with `recursive` of those below it. */
  export function setMountAttributes(target: string, set: number, clear: number, recursive: boolean): void;
  export function pivotRoot(newRoot: string, putOld: string): void;
  /** statfs(2): type is the magic number, flags are the mount's (ST_RDONLY = 1, ST_NOSUID = 2 … as MS_* of mount(2)). */
  export function statfs(path: string): {
    type: number;
    flags: number;
    blockSizeBytes: number;
    blocks: number;
    blocksFree: number;
    files: number;
    filesFree: number;
  };

  // ── mounts that are attached nowhere (native/mount-trees.c): Linux 5.2, mapMountIds 5.12 ──────────────────────────────
  /** open_tree(2), OPEN_TREE_CLONE: a copy of what is mounted at `path`, with `recursive` of those below it. It goes with the descriptor
   * unless it has been moved. */
  export function openTree(path: string, recursive: boolean): Fd;
  /** move_mount(2): attaches such a copy at `target`. */
  export function moveMount(tree: Fd, target: string): void;
  /** mount_setattr(2), MOUNT_ATTR_IDMAP: the ids of files show as the user namespace maps them. Only before `moveMount`. EINVAL: the file
   * system cannot do that. */
  export function mapMountIds(tree: Fd, userNamespace: Fd, recursive: boolean): void;

  // ── processes (native/processes.c) ────────────────────────────────────────────────────────────────────────────────────
  /** clone(2) like fork(2) with SIGCHLD | `flags` (CLONE_NEW*, CLONE_PARENT). 0 in the child, which goes on in the same JavaScript
   * with a copy of everything; it must call `afterFork` before anything else that touches the loop. */
  export function clone(flags: number): number;
  /** In a forked child: drops the loop, its epoll, timers and signal descriptors; unblocks all signals and resets their handlers. */
  export function afterFork(): void;
  export function unshare(flags: number): void;
  export function setns(fd: Fd, type: number): void;
  /** execve(2): returns only by throwing. */
  export function execve(path: string, args: readonly string[], env: readonly string[]): never;
  /** Loads the filter as `seccompFilter` does and calls execve(2), with no other system call in between. */
  export function execveFiltered(
    path: string,
    args: readonly string[],
    env: readonly string[],
    filter: Uint8Array,
    flags: number,
  ): never;
  /** _exit(2): no handlers, no flushing. */
  export function exit(status: number): never;
  /** waitpid(2): null when WNOHANG found none. `signal` is 0 unless it was killed. */
  export function waitpid(
    pid: number,
    flags: number,
  ): { pid: number; exitCode: number; signal: number } | null;
  /** How a program ended that `runCaptured` has run. */
  export interface CapturedRun {
    readonly exitCode: number;
    /** 0 unless one killed it. */
    readonly signal: number;
    /** It was killed because its time was up, or because of `cancelFd`. */
    readonly timedOut: boolean;
    readonly cancelled: boolean;
    /** What it has written, the beginning of it. */
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
  }
  /**
   * Runs a program as the leader of a session to its end, blocking: `input` is what it reads. It ends with the caller. Descendants that hold its
   * streams are not waited for. Throws what execve(2) said. (native/run-captured.c)
   * @param limits timeoutMs 0: none; cancelFd -1: none, else the program is killed as soon as it is readable
   */
  export function runCaptured(
    path: string,
    args: readonly string[],
    env: readonly string[],
    input: string | Uint8Array,
    limits: { readonly timeoutMs: number; readonly maxOutputBytes: number; readonly cancelFd: Fd },
  ): CapturedRun;
  export function kill(pid: number, signal: number): void;
  export function getpid(): number;
  export function getppid(): number;
  export function setsid(): number;
  export function setpgid(pid: number, pgid: number): void;
  export function pidfdOpen(pid: number): Fd;
  export function setresuid(uid: number): void;
  export function setresgid(gid: number): void;
  export function setgroups(groups: readonly number[]): void;
  export function getuid(): number;
  export function prctl(option: number, arg2: number, arg3: number, arg4: number, arg5: number): number;
  /** capset(2), version 3: lists of capability numbers. */
  export function capset(
    effective: readonly number[],
    permitted: readonly number[],
    inheritable: readonly number[],
  ): void;
  /** setrlimit(2): -1 is RLIM_INFINITY. */
  export function setrlimit(resource: number, soft: number, hard: number): void;
  /** getrlimit(2): -1 is RLIM_INFINITY, and what no number holds exactly. */
  export function getrlimit(resource: number): { soft: number; hard: number };
  // ── how the kernel treats the caller (native/scheduling.c) ──────────────────────────────────────────────────────────────
  /** sched_setattr(2): SCHED_*, SCHED_FLAG_*. */
  export function setScheduler(attributes: {
    readonly policy: number;
    readonly flags: number;
    readonly nice: number;
    readonly priority: number;
    readonly runtimeNs: number;
    readonly deadlineNs: number;
    readonly periodNs: number;
  }): void;
  /** ioprio_set(2): class and priority in one number. */
  export function setIoPriority(priority: number): void;
  /** sched_setaffinity(2): numbers of processors, 0 to 1023. Throws EINVAL when the machine has none of them. */
  export function setAffinity(processors: readonly number[]): void;
  /** personality(2). */
  export function setPersonality(persona: number): void;
  /** seccomp(SECCOMP_SET_MODE_FILTER) with SECCOMP_FILTER_FLAG_* (prctl on kernels that know no flags): `filter` is an array of struct
   * sock_filter, 8 bytes each. `flags` defaults to 0. */
  export function seccompFilter(filter: Uint8Array, flags?: number): void;
  /** keyctl(KEYCTL_JOIN_SESSION_KEYRING) without a name: a new one of the process's own. ENOSYS where the kernel has no keyrings. */
  export function joinSessionKeyring(): void;
  /** Loads a BPF_PROG_TYPE_CGROUP_DEVICE program (array of struct bpf_insn, 8 bytes each) and attaches it to the version 2 cgroup
   * whose directory is open as `cgroup`, replacing none (BPF_F_ALLOW_MULTI); it lives as long as the cgroup. Throws ENOSYS or
   * EINVAL where the kernel has no BPF. */
  export function attachDeviceProgram(cgroup: Fd, program: Uint8Array): void;
  export function sethostname(name: string): void;
  export function setdomainname(name: string): void;
  /** reboot(2) with the LINUX_REBOOT_CMD_* number, at once: what is not written yet is lost (`sync`). */
  export function reboot(command: number): void;
  export function sync(): void;
  /** The program's arguments, argv[0] included. */
  export function argv(): string[];
  export function environ(): string[];
  /** uname(2). */
  export function uname(): { release: string; version: string; machine: string };

  // ── seccomp rules (native/seccomp.c): libseccomp ──────────────────────────────────────────────────────────────────────────
  /** Rules of libseccomp and what they come to. */
  export interface SeccompRules {
    /** seccomp_rule_add_array(3): `action` is a SCMP_ACT_* number, `syscall` one of the native architecture. `conditions` holds the bytes
     * of a BigUint64Array with four elements for each: argument (0 to 5, each at most once), SCMP_CMP_* number, value, second value. */
    add(action: number, syscall: number, conditions: Uint8Array): void;
    /** seccomp_export_bpf_mem(3): an array of struct sock_filter. */
    program(): Uint8Array;
  }
  /**
   * seccomp_init(3) and seccomp_arch_add(3): for the native architecture and these, in libseccomp's names ("x86_64", "x32"). `tree`: the
   * program finds a system call by halving. Throws EINVAL for an action that this kernel lacks and for an unknown architecture, EDOM
   * for an architecture of the other byte order.
   */
  export function seccompRules(action: number, architectures: readonly string[], tree: boolean): SeccompRules;
  /** seccomp_syscall_resolve_name_arch(3): negative where only other architectures have it, null where none has. */
  export function seccompSyscallNumber(architecture: string, name: string): number | null;
  /** Whether this kernel's seccomp(2) takes these SECCOMP_FILTER_FLAG_* together. */
  export function seccompKnowsFlags(flags: number): boolean;

  // ── sockets (native/sockets.c) ────────────────────────────────────────────────────────────────────────────────────────
  /** AF_VSOCK stream listener on VMADDR_CID_ANY, non-blocking. */
  export function vsockListen(port: number): Fd;
  /** AF_VSOCK stream connect, non-blocking: wait for POLLOUT, then `socketError`. */
  export function vsockConnect(cid: number, port: number): Fd;
  /** AF_UNIX stream listener, non-blocking, created with `mode`. Paths up to 107 bytes; ENAMETOOLONG beyond. */
  export function unixListen(path: string, mode: number): Fd;
  /** AF_UNIX stream connect, non-blocking: at once, or it throws EAGAIN while the listener's backlog is full. */
  export function unixConnect(path: string): Fd;
  export function socketpair(): [Fd, Fd];
  /** accept4(2), non-blocking result; null when none is waiting. `cid` is the peer's for AF_VSOCK, else -1. */
  export function accept(listener: Fd): { fd: Fd; cid: number } | null;
  /** SO_ERROR: returns normally when there is none, else throws it. */
  export function socketError(fd: Fd): void;
  /** SO_TYPE and SO_ACCEPTCONN of socket(7), and whether it has a peer (getpeername(2)); the latter two 0 or 1. Throws ENOTSOCK. */
  export function socketFacts(fd: Fd): { type: number; acceptsConnections: number; connected: number };
  export function shutdown(fd: Fd, how: number): void;
  /** One sendmsg(2) with SCM_RIGHTS. */
  export function sendWithFds(socket: Fd, data: string, fds: readonly Fd[]): void;
  /** One recvmsg(2); received descriptors are close-on-exec. */
  export function receiveWithFds(
    socket: Fd,
    maxBytes: number,
    maxFds: number,
  ): { data: Uint8Array; fds: Fd[] };
  /** VHOST_VSOCK_SET_GUEST_CID on an open /dev/vhost-vsock; throws EADDRINUSE when another VM has it. */
  export function vhostVsockSetCid(vhostFd: Fd, cid: number): void;
  /** Brings a network interface up (SIOCSIFFLAGS). */
  export function interfaceUp(name: string): void;

  // ── terminals (native/terminals.c) ────────────────────────────────────────────────────────────────────────────────────
  /** Opens `ptmx` (say "/dev/ptmx"), unlocks it; the slave is opened by TIOCGPTPEER or by `<devpts>/<number>`. Neither becomes
   * the controlling terminal. */
  export function openPty(ptmx: string, devpts: string): { master: Fd; slave: Fd; number: number };
  /** Raw mode as cfmakeraw(3); returns the former settings for `restoreTerminal`. Throws ENOTTY. */
  export function makeRaw(fd: Fd): Uint8Array;
  /** Speed of a serial line, in bits per second: one of 9600, 38400, 115200. Throws EINVAL for others. */
  export function setLineSpeed(fd: Fd, bitsPerSecond: number): void;
  export function restoreTerminal(fd: Fd, settings: Uint8Array): void;
  export function getWindowSize(fd: Fd): { rows: number; columns: number };
  export function setWindowSize(fd: Fd, rows: number, columns: number): void;
  /** TIOCSCTTY; the caller is a session leader. */
  export function setControllingTerminal(fd: Fd): void;
  export function isTerminal(fd: Fd): boolean;

  // ── the loop (native/loop.c): epoll, level-triggered; every ready descriptor is served each turn ──────────────────────────
  /** EPOLLIN = 1, EPOLLOUT = 4, EPOLLERR = 8, EPOLLHUP = 16, EPOLLRDHUP = 0x2000. One watch a descriptor.
   * With no events (0) nothing is delivered, not even errors and hang-ups, until `rewatch`. Plain files are always ready. */
  export function watch(fd: Fd, events: number, callback: (events: number) => void): void;
  export function rewatch(fd: Fd, events: number): void;
  export function unwatch(fd: Fd): void;
  export function setTimer(delayMs: number, callback: () => void): number;
  export function clearTimer(id: number): void;
  /** Blocks the signals and delivers them through one signalfd; called again replaces the set. `senderPid` is si_pid. */
  export function watchSignals(
    signals: readonly number[],
    callback: (signal: number, senderPid: number) => void,
  ): void;
  /** Runs until `stopLoop`; promise jobs run after every callback. An exception that reaches it goes to `onUncaught`. */
  export function runLoop(onUncaught: (error: unknown) => void): void;
  export function stopLoop(): void;
  export function monotonicMs(): number;
  /** CLOCK_REALTIME: whole seconds and nanoseconds. */
  export function getTime(): { seconds: number; nanoseconds: number };
  export function setTime(seconds: number, nanoseconds: number): void;
  export function getRandom(bytes: number): Uint8Array;

  // ── the time stamp counter (native/tsc.c) ─────────────────────────────────────────────────────────────────────────────────
  /** The processor's time stamp counter and CLOCK_MONOTONIC_RAW in milliseconds, at the same moment; null where there is no such counter. */
  export function readTsc(): { cycles: number; timeMs: number } | null;

  // ── text (native/text.c) ──────────────────────────────────────────────────────────────────────────────────────────────
  export function utf8Encode(text: string): Uint8Array;
  /** Invalid sequences become U+FFFD; with `fatal` they throw. */
  export function utf8Decode(bytes: Uint8Array, fatal?: boolean): string;

  // ── moving bytes (native/relay.c, native/process-io.c) ────────────────────────────────────────────────────────────────
  /** Copies both ways between two sockets until both directions ended (half-close is passed on); then closes both and calls
   * `done` once, later, with the errno name of what failed first or null. Bounded buffers; a slow side stops the other. When one side takes no
   * more, the other direction still runs to its end. Owns both descriptors from the call on. `cancel` closes both at once; `done` is not
   * called then. */
  export function relay(a: Fd, b: Fd, done: (error: string | null) => void): { cancel(): void };

  /** The multiplexer (agent/protocol/README.md): streams over one carrier. C moves bytes, credits and what was lost. */
  export interface MuxOptions {
    /** The side that opens streams; the other listens. */
    readonly dialer: boolean;
    /** The dialer's random number (32 bits) for this link; the listener learns it. */
    readonly session: number;
    /** The carrier neither loses nor changes bytes: nothing is sent twice, and what streams carry has no checksum. Both sides say the same. */
    readonly reliable: boolean;
    /** Bytes that may be under way before the peer, or a reliable carrier, has confirmed any. */
    readonly windowBytes: number;
    /** Longest frame that is sent: 64 to 32,768. */
    readonly frameBytes: number;
  }
  export interface Mux {
    /** Streams that the dialer opens to `port` become sockets. At most 8 ports; others are refused. Throws EPIPE when the link is over. */
    listen(port: number, onConnection: (connection: Fd) => void): void;
    /** Opens a stream. `done` is called once, later: with a non-blocking socket, or null when it is refused or the link ends. Throws EAGAIN with
     * 512 streams open, EPIPE when the link is over. @returns its number, for `cancel` */
    connect(port: number, done: (connection: Fd | null) => void): number;
    /** Gives up a stream that is not open yet; `done` is not called then. One that is open or over is left alone. */
    cancel(id: number): void;
    /** Closes the carrier; every stream ends. `onBroken` is not called. */
    close(): void;
  }
  /** Owns the carrier's descriptor. `onBroken` is called once, when the carrier ends or the peer breaks protocol: every stream ends then, and
   * what was received before is still delivered. */
  export function mux(carrier: Fd, options: MuxOptions, onBroken: (reason: string) => void): Mux;

  /** The process-I/O protocol (agent/protocol/README.md): one connection carries one process's three streams and its further ones, with credit
   * each, window size, signals and its exit. C moves stream bytes and credits; other frames reach `onFrame`. */
  export interface ProcessIoHandlers {
    /** A frame that is not DATA, EOF, CREDIT or CLOSED. */
    onFrame(type: number, payload: Uint8Array): void;
    /** The sending streams this side attached have all reached end of file (or were given up) and every byte of them has been written
     * to the connection. Called again if streams are attached later. */
    onDrained(): void;
    /** The receiving streams: everything received has been written to the attached descriptors and they are closed. */
    onDelivered(): void;
    /** The connection ended or broke protocol: `reason` is "closed", an errno name or "protocol: …". Called once; sources are closed. What was
     * received before is still written to its descriptors: `onDelivered` has been called already, or follows. */
    onBroken(reason: string): void;
  }
  export interface ProcessIo {
    /** No method calls a handler: they are called from the loop. Lets a stream from 3 to 255 have frames, in these directions of this side's: those that it
     * has not opened end the connection. What arrives waits for `receiveTo`. One with both directions is to be attached to two copies of a
     * socket: the end of one direction shuts that down and leaves the other. */
    openStream(stream: number, directions: { sends: boolean; receives: boolean }): void;
    /** This side reads `fd` and sends its bytes as `stream` (0 stdin, 1 stdout, 2 stderr, or one that was opened). Owns `fd`; sets it non-blocking only when it
     * is a pipe or socket of our own (`shared` false); a shared one (inherited stdio) is read by poll, one read a readiness. */
    sendFrom(stream: number, fd: Fd, shared: boolean): void;
    /** This side writes what it receives on `stream` to `fd`; at EOF closes it. With `keepOpen` (a pty's master) a
     * copy is used and `fd` stays the caller's. When writing
     * fails (EPIPE: the reader is gone) CLOSED is sent so that the far side closes its source. */
    receiveTo(stream: number, fd: Fd, options: { shared: boolean; keepOpen: boolean }): void;
    /** Stops reading sources: what is readable right now without blocking is still taken (as credit allows), then EOF is sent for each. */
    drainNow(): void;
    /** Gives up what no source has given yet: EOF is sent for each after what was read, and then all is sent. */
    endSources(): void;
    /** Bytes taken from sources so far: it stays the same while no reader takes any. */
    sentBytes(): number;
    /** Any frame but DATA, EOF, CREDIT and CLOSED, after all that was sent before. Throws EPIPE when nobody reads any more, ENOBUFS when a MiB
     * waits already. */
    sendFrame(type: number, payload: Uint8Array): void;
    /** Bytes received and not yet written out. */
    pendingBytes(): number;
    /** Writes frames that fit without blocking, then drops everything; no handler is called any more. */
    close(): void;
  }
  /** `connection` is a non-blocking stream socket, owned from here on. */
  export function processIo(connection: Fd, handlers: ProcessIoHandlers): ProcessIo;

  // ── archives (native/tar-*.c): blocking, so call them in a child ──────────────────────────────────────────────────────────
  export interface ArchiveCounts {
    readonly entries: number;
    /** File content in the archive: holes do not count. */
    readonly bytes: number;
    /** untar: extended attributes left out because the target's file system has no such thing. */
    readonly unsupportedXattrs: number;
    /** pack: files that became shorter while they were read; zeros stand in for the rest. */
    readonly shrunkFiles: number;
    /** pack: entries that were gone when their turn came; they are not in the archive. */
    readonly vanishedEntries: number;
  }
  /** Unpacks the tar stream on `source` below `directory` (absolute); stops at the first error. Errors carry code "EBADMSG" for what the
   * archive does wrong (with entry name and reason) or the errno of what failed. */
  export function untar(
    source: Fd,
    directory: string,
    limits: { maxEntries: number; maxBytes: number },
  ): ArchiveCounts;
  /** Packs everything below `directory` as pax tar to `sink`, staying on what is mounted there only if `oneFileSystem`. */
  export function pack(directory: string, sink: Fd, options: { oneFileSystem: boolean }): ArchiveCounts;

  // ── HTTP/2 (native/http2.c): nghttp2, server side ─────────────────────────────────────────────────────────────────────────
  export interface Http2Handlers {
    /** Request headers (pseudo-headers included), in order. `end` when no body follows. */
    onHeaders(streamId: number, headers: ReadonlyArray<readonly [string, string]>, end: boolean): void;
    /** A piece of the request body. Flow-control credit for it is given back by `consume`. */
    onData(streamId: number, data: Uint8Array): void;
    /** The peer finished its side. */
    onEnd(streamId: number): void;
    /** The stream is gone; `errorCode` 0 is a normal end. */
    onClose(streamId: number, errorCode: number): void;
    /** Room for more body on a stream on which `send` returned false. */
    onWritable(streamId: number): void;
  }
  export interface Http2Session {
    /** Bytes from the peer. Throws EPROTO when the session must end; what `output` still holds (GOAWAY) should be sent first. */
    input(data: Uint8Array): void;
    /** Bytes for the peer, at most `maxBytes`; empty when there are none. */
    output(maxBytes: number): Uint8Array;
    respond(streamId: number, headers: ReadonlyArray<readonly [string, string]>, end: boolean): void;
    /** Queues body; false when more than the high-water mark is waiting on this stream (then `onWritable` follows). */
    send(streamId: number, data: Uint8Array): boolean;
    /** Ends the stream with trailers after all queued body. */
    finish(streamId: number, trailers: ReadonlyArray<readonly [string, string]>): void;
    reset(streamId: number, errorCode: number): void;
    consume(streamId: number, bytes: number): void;
    goaway(errorCode: number): void;
    /** False when nothing more can happen: neither side wants to read or write. */
    alive(): boolean;
    free(): void;
  }
  export function http2Server(
    handlers: Http2Handlers,
    limits: { maxStreams: number; maxHeaderListBytes: number; windowBytes: number },
  ): Http2Session;
}
