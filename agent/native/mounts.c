#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"
#include "mount-calls.h"
#include "objects.h"

static JSValue mounts_mount(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags;
	if (runv_uint32(ctx, argv[3], "flags", &flags) < 0)
		return JS_EXCEPTION;
	static const char *const names[] = {"source", "target", "type", NULL, "data"};
	const char *texts[5] = {NULL};
	bool complete = true;
	for (int index = 0; index < 5 && complete; index++) {
		if (names[index])
			complete = (texts[index] = runv_string(ctx, argv[index], names[index])) != NULL;
	}
	JSValue result = JS_EXCEPTION;
	if (complete)
		result = runv_check(ctx, mount(texts[0], texts[1], texts[2], flags, texts[4]), "mount",
		                    texts[1]);
	for (int index = 0; index < 5; index++)
		JS_FreeCString(ctx, texts[index]);
	return result;
}

static JSValue mounts_umount(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int flags;
	if (runv_int32(ctx, argv[1], "flags", 0, INT32_MAX, &flags) < 0)
		return JS_EXCEPTION;
	const char *target = runv_string(ctx, argv[0], "target");
	if (!target)
		return JS_EXCEPTION;
	JSValue result = runv_check(ctx, umount2(target, flags), "umount", target);
	JS_FreeCString(ctx, target);
	return result;
}

static JSValue mounts_set_attributes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t set, clear;
	if (runv_uint32(ctx, argv[1], "set", &set) < 0 || runv_uint32(ctx, argv[2], "clear", &clear) < 0)
		return JS_EXCEPTION;
	const char *target = runv_string(ctx, argv[0], "target");
	if (!target)
		return JS_EXCEPTION;
	const struct mount_attributes wanted = {.set = set, .clear = clear};
	const unsigned int flags = JS_ToBool(ctx, argv[3]) > 0 ? AT_RECURSIVE : 0;
	long status = syscall(SYS_mount_setattr, AT_FDCWD, target, flags, &wanted, sizeof wanted);
	JSValue result = runv_check(ctx, status, "mount_setattr", target);
	JS_FreeCString(ctx, target);
	return result;
}

static JSValue mounts_pivot_root(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	JSValue result = JS_EXCEPTION;
	const char *new_root = runv_string(ctx, argv[0], "newRoot");
	const char *put_old = new_root ? runv_string(ctx, argv[1], "putOld") : NULL;
	if (put_old)
		result = runv_check(ctx, syscall(SYS_pivot_root, new_root, put_old), "pivot_root", new_root);
	JS_FreeCString(ctx, put_old);
	JS_FreeCString(ctx, new_root);
	return result;
}

static JSValue mounts_statfs(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	struct statfs found;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	int status = statfs(path, &found);
	if (status < 0) {
		JSValue thrown = runv_throw_errno(ctx, errno, "statfs", path);
		JS_FreeCString(ctx, path);
		return thrown;
	}
	JS_FreeCString(ctx, path);
	const struct runv_number numbers[] = {
	        {"type", (double)(uint32_t)found.f_type},  {"flags", (double)(uint32_t)found.f_flags},
	        {"blockSizeBytes", (double)found.f_bsize}, {"blocks", (double)found.f_blocks},
	        {"blocksFree", (double)found.f_bfree},     {"files", (double)found.f_files},
	        {"filesFree", (double)found.f_ffree},
	};
	return runv_number_object(ctx, numbers, sizeof numbers / sizeof numbers[0]);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("mount", 5, mounts_mount),
        JS_CFUNC_DEF("umount", 2, mounts_umount),
        JS_CFUNC_DEF("setMountAttributes", 4, mounts_set_attributes),
        JS_CFUNC_DEF("pivotRoot", 2, mounts_pivot_root),
        JS_CFUNC_DEF("statfs", 1, mounts_statfs),
};

const struct runv_family runv_family_mounts = {exports, RUNV_COUNT(exports), NULL};
