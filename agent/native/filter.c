#include "filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"

#ifndef SYS_seccomp
#error "this architecture's number of seccomp(2) is missing"
#endif

int runv_filter_read(JSContext *ctx, JSValueConst program, JSValueConst flags, struct runv_filter *out)
{
	struct runv_bytes bytes;
	if (runv_optional_uint32(ctx, flags, "flags", 0, &out->flags) < 0 ||
	    runv_bytes(ctx, program, "filter", &bytes) < 0)
		return -1;
	size_t count = bytes.length / sizeof(struct sock_filter);
	if (count == 0 || count > BPF_MAXINSNS || bytes.length % sizeof(struct sock_filter) != 0) {
		JS_ThrowRangeError(ctx, "filter: not 1 to %d instructions of 8 bytes", BPF_MAXINSNS);
		return -1;
	}
	out->instructions = js_malloc(ctx, bytes.length); /* aligned, as the bytes may not be */
	if (!out->instructions)
		return -1;
	memcpy(out->instructions, bytes.data, bytes.length);
	out->count = (unsigned short)count;
	return 0;
}

int runv_filter_load(const struct runv_filter *filter)
{
	const struct sock_fprog program = {.len = filter->count, .filter = filter->instructions};
	long status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program);
	/* Linux before 3.17 has no flags either. */
	if (status < 0 && errno == ENOSYS && filter->flags == 0)
		status = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	return status < 0 ? -1 : 0;
}
