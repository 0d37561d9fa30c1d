/* A program for seccomp(2), from the bytes that TypeScript has of it. */
#ifndef RUNV_FILTER_H
#define RUNV_FILTER_H

#include <linux/filter.h>
#include <stdint.h>

#include "quickjs.h"

struct runv_filter {
	struct sock_filter *instructions; /* release with js_free */
	unsigned short count;
	uint32_t flags;
};

/* Takes two arguments: a Uint8Array of struct sock_filter, and SECCOMP_FILTER_FLAG_* (undefined: none). -1 with an exception set. */
int runv_filter_read(JSContext *ctx, JSValueConst program, JSValueConst flags, struct runv_filter *out);

/* Loads it into the kernel: 0, or -1 with errno set. Makes no other system call. */
int runv_filter_load(const struct runv_filter *filter);

#endif
