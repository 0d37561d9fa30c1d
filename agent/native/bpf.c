/* bpf(2), as far as device rules of version 2 cgroups need it. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"

static int bpf(int command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int load(const struct runv_bytes *program)
{
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.insns = (uintptr_t)program->data;
	attributes.insn_cnt = (uint32_t)(program->length / sizeof(struct bpf_insn));
	attributes.license = (uintptr_t) "Apache-2.0";
	return bpf(BPF_PROG_LOAD, &attributes);
}

static int attach(int cgroup, int program)
{
	union bpf_attr attributes;
	memset(&attributes, 0, sizeof attributes);
	attributes.target_fd = (uint32_t)cgroup;
	attributes.attach_bpf_fd = (uint32_t)program;
	attributes.attach_type = BPF_CGROUP_DEVICE;
	attributes.attach_flags = BPF_F_ALLOW_MULTI;
	return bpf(BPF_PROG_ATTACH, &attributes);
}

static JSValue attach_device_program(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int cgroup;
	struct runv_bytes bytes;
	if (runv_fd(ctx, argv[0], &cgroup) < 0 || runv_bytes(ctx, argv[1], "program", &bytes) < 0)
		return JS_EXCEPTION;
	int program = load(&bytes);
	int failure = program < 0 ? errno : 0;
	runv_bytes_release(ctx, &bytes);
	if (program < 0)
		return runv_throw_errno(ctx, failure, "bpf", "load device program");
	if (attach(cgroup, program) < 0)
		failure = errno;
	close(program);
	return failure ? runv_throw_errno(ctx, failure, "bpf", "attach device program") : JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("attachDeviceProgram", 2, attach_device_program),
};
const struct runv_family runv_family_bpf = {exports, RUNV_COUNT(exports), NULL};
