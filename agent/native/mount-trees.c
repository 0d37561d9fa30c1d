/* Mounts that are not attached anywhere: made in one mount namespace, attached in another. */
#include <fcntl.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"
#include "mount-calls.h"

/* linux/mount.h */
enum {
	OPEN_TREE_CLONE_FLAG = 1,
	MOVE_FROM_EMPTY_PATH = 0x4,
	ATTRIBUTE_IDMAP = 0x00100000,
	EMPTY_PATH = 0x1000,
};

static JSValue tree_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	const int recursive = JS_ToBool(ctx, argv[1]) > 0 ? AT_RECURSIVE : 0;
	long fd = syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE_FLAG | O_CLOEXEC | recursive);
	JSValue result = runv_check_number(ctx, fd, "open_tree", path);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue tree_move(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int tree;
	if (runv_fd(ctx, argv[0], &tree) < 0)
		return JS_EXCEPTION;
	const char *target = runv_string(ctx, argv[1], "target");
	if (!target)
		return JS_EXCEPTION;
	long status = syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_FROM_EMPTY_PATH);
	JSValue result = runv_check(ctx, status, "move_mount", target);
	JS_FreeCString(ctx, target);
	return result;
}

static JSValue tree_map_ids(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int tree, user_namespace;
	if (runv_fd(ctx, argv[0], &tree) < 0 || runv_fd(ctx, argv[1], &user_namespace) < 0)
		return JS_EXCEPTION;
	const struct mount_attributes wanted = {.set = ATTRIBUTE_IDMAP,
	                                        .user_namespace = (uint64_t)user_namespace};
	const int flags = EMPTY_PATH | (JS_ToBool(ctx, argv[2]) > 0 ? AT_RECURSIVE : 0);
	long status = syscall(SYS_mount_setattr, tree, "", flags, &wanted, sizeof wanted);
	return runv_check(ctx, status, "mount_setattr", NULL);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("openTree", 2, tree_open),
        JS_CFUNC_DEF("moveMount", 2, tree_move),
        JS_CFUNC_DEF("mapMountIds", 3, tree_map_ids),
};

const struct runv_family runv_family_mount_trees = {exports, RUNV_COUNT(exports), NULL};
