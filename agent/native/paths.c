/* Calls on paths: names, modes, owners. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"
#include "remove-directories.h"
#include "remove-tree.h"
#include "stat.h"
#include "text.h"

/* A call on one path and up to two numbers. */
static JSValue on_path(JSContext *ctx, JSValueConst *argv, const char *name, int numbers,
                       int (*call)(const char *path, uint32_t first, uint32_t second))
{
	uint32_t given[2] = {0, 0};
	for (int index = 0; index < numbers; index++) {
		if (runv_uint32(ctx, argv[index + 1], name, &given[index]) < 0)
			return JS_EXCEPTION;
	}
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	JSValue result = runv_check(ctx, call(path, given[0], given[1]), name, path);
	JS_FreeCString(ctx, path);
	return result;
}

/* A call on two paths; messages name both. */
static JSValue on_two_paths(JSContext *ctx, JSValueConst *argv, const char *name,
                            int (*call)(const char *first, const char *second))
{
	JSValue result = JS_EXCEPTION;
	const char *first = runv_string(ctx, argv[0], "first path");
	const char *second = first ? runv_string(ctx, argv[1], "second path") : NULL;
	if (second) {
		char detail[2 * 160];
		int status = call(first, second);
		int failure = errno;
		snprintf(detail, sizeof detail, "%.150s -> %.150s", first, second);
		errno = failure;
		result = runv_check(ctx, status, name, detail);
	}
	JS_FreeCString(ctx, second);
	JS_FreeCString(ctx, first);
	return result;
}

#define PATH_CALL(function, name, numbers, expression)                                                       \
	static int function##_call(const char *path, uint32_t first, uint32_t second)                        \
	{                                                                                                    \
		(void)first, (void)second;                                                                   \
		return expression;                                                                           \
	}                                                                                                    \
	static JSValue function(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)             \
	{                                                                                                    \
		(void)self, (void)argc;                                                                      \
		return on_path(ctx, argv, name, numbers, function##_call);                                   \
	}

PATH_CALL(path_access, "access", 1, access(path, (int)first))
PATH_CALL(path_mkdir, "mkdir", 1, mkdir(path, first))
PATH_CALL(path_rmdir, "rmdir", 0, rmdir(path))
PATH_CALL(path_unlink, "unlink", 0, unlink(path))
PATH_CALL(path_chmod, "chmod", 1, chmod(path, first))
PATH_CALL(path_chown, "chown", 2, lchown(path, first, second))
PATH_CALL(path_chdir, "chdir", 0, chdir(path))
PATH_CALL(path_chroot, "chroot", 0, chroot(path))
PATH_CALL(path_remove_directories, "removeDirectories", 1,
          runv_remove_directories(path, (int)(first &INT16_MAX)))
PATH_CALL(path_remove_tree, "removeTree", 0, runv_remove_tree(path))

#define TWO_PATHS_CALL(function, name, call)                                                                 \
	static JSValue function(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)             \
	{                                                                                                    \
		(void)self, (void)argc;                                                                      \
		return on_two_paths(ctx, argv, name, call);                                                  \
	}

TWO_PATHS_CALL(path_rename, "rename", rename)
TWO_PATHS_CALL(path_symlink, "symlink", symlink)
TWO_PATHS_CALL(path_link, "link", link)

static JSValue path_mknod(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t mode, major_number, minor_number;
	if (runv_uint32(ctx, argv[1], "mode", &mode) < 0 ||
	    runv_uint32(ctx, argv[2], "major", &major_number) < 0 ||
	    runv_uint32(ctx, argv[3], "minor", &minor_number) < 0)
		return JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	JSValue result =
	        runv_check(ctx, mknod(path, mode, makedev(major_number, minor_number)), "mknod", path);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue path_readlink(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	char target[PATH_MAX];
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	ssize_t length = readlink(path, target, sizeof target);
	JSValue result = length < 0 ? runv_throw_errno(ctx, errno, "readlink", path)
	                            : runv_decode_utf8(ctx, (const uint8_t *)target, (size_t)length);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue names_in(JSContext *ctx, DIR *directory, const char *path)
{
	JSValue names = JS_NewArray(ctx);
	uint32_t count = 0;
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(directory);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		JSValue name = runv_decode_utf8(ctx, (const uint8_t *)entry->d_name, strlen(entry->d_name));
		if (JS_DefinePropertyValueUint32(ctx, names, count++, name, JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, names);
			return JS_EXCEPTION;
		}
	}
	if (errno == 0)
		return names;
	int failure = errno;
	JS_FreeValue(ctx, names);
	return runv_throw_errno(ctx, failure, "readdir", path);
}

static JSValue path_readdir(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const char *path = runv_string(ctx, argv[0], "path");
	if (!path)
		return JS_EXCEPTION;
	DIR *directory = opendir(path);
	JSValue names =
	        directory ? names_in(ctx, directory, path) : runv_throw_errno(ctx, errno, "readdir", path);
	if (directory)
		closedir(directory);
	JS_FreeCString(ctx, path);
	return names;
}

static JSValue stat_with(JSContext *ctx, JSValueConst value, const char *name,
                         int (*call)(const char *path, struct stat *out))
{
	struct stat status;
	const char *path = runv_string(ctx, value, "path");
	if (!path)
		return JS_EXCEPTION;
	JSValue result = call(path, &status) < 0 ? runv_throw_errno(ctx, errno, name, path)
	                                         : runv_stat_object(ctx, &status);
	JS_FreeCString(ctx, path);
	return result;
}

static JSValue path_stat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	return stat_with(ctx, argv[0], "stat", stat);
}

static JSValue path_lstat(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	return stat_with(ctx, argv[0], "lstat", lstat);
}

static JSValue path_umask(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t mask;
	if (runv_uint32(ctx, argv[0], "mask", &mask) < 0)
		return JS_EXCEPTION;
	return JS_NewUint32(ctx, umask(mask));
}

static JSValue path_getcwd(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	char path[PATH_MAX];
	if (!getcwd(path, sizeof path))
		return runv_throw_errno(ctx, errno, "getcwd", NULL);
	return runv_decode_utf8(ctx, (const uint8_t *)path, strlen(path));
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("stat", 1, path_stat),     JS_CFUNC_DEF("lstat", 1, path_lstat),
        JS_CFUNC_DEF("access", 2, path_access), JS_CFUNC_DEF("mkdir", 2, path_mkdir),
        JS_CFUNC_DEF("rmdir", 1, path_rmdir),   JS_CFUNC_DEF("unlink", 1, path_unlink),
        JS_CFUNC_DEF("rename", 2, path_rename), JS_CFUNC_DEF("symlink", 2, path_symlink),
        JS_CFUNC_DEF("link", 2, path_link),     JS_CFUNC_DEF("readlink", 1, path_readlink),
        JS_CFUNC_DEF("mknod", 4, path_mknod),   JS_CFUNC_DEF("chmod", 2, path_chmod),
        JS_CFUNC_DEF("chown", 3, path_chown),   JS_CFUNC_DEF("readdir", 1, path_readdir),
        JS_CFUNC_DEF("umask", 1, path_umask),   JS_CFUNC_DEF("removeTree", 1, path_remove_tree),
        JS_CFUNC_DEF("chdir", 1, path_chdir),   JS_CFUNC_DEF("getcwd", 0, path_getcwd),
        JS_CFUNC_DEF("chroot", 1, path_chroot), JS_CFUNC_DEF("removeDirectories", 2, path_remove_directories),
};

const struct runv_family runv_family_paths = {exports, RUNV_COUNT(exports), NULL};
