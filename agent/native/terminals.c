#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"

#ifndef TIOCGPTPEER /* Linux 4.13 */
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { SLAVE_FLAGS = O_RDWR | O_NOCTTY | O_CLOEXEC };

/* By TIOCGPTPEER it is surely the master's own, whatever is mounted where; older kernels have only the path. */
static int open_slave(int master, const char *devpts, int number)
{
	char path[PATH_MAX];
	int slave = ioctl(master, TIOCGPTPEER, SLAVE_FLAGS);
	if (slave >= 0 || (errno != ENOTTY && errno != EINVAL))
		return slave;
	if (snprintf(path, sizeof path, "%s/%d", devpts, number) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, SLAVE_FLAGS);
}

static int open_pair(const char *ptmx, const char *devpts, int *slave, int *number)
{
	int unlocked = 0;
	int master = open(ptmx, SLAVE_FLAGS);
	if (master < 0)
		return -1;
	if (ioctl(master, TIOCSPTLCK, &unlocked) == 0 && ioctl(master, TIOCGPTN, number) == 0) {
		*slave = open_slave(master, devpts, *number);
		if (*slave >= 0)
			return master;
	}
	runv_close_keep_errno(master);
	return -1;
}

static JSValue terminal_open_pty(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	JSValue result = JS_EXCEPTION;
	int slave, number;
	const char *ptmx = runv_string(ctx, argv[0], "ptmx");
	const char *devpts = ptmx ? runv_string(ctx, argv[1], "devpts") : NULL;
	if (devpts) {
		int master = open_pair(ptmx, devpts, &slave, &number);
		const struct runv_number numbers[] = {
		        {"master", master}, {"slave", slave}, {"number", number}};
		result = master < 0 ? runv_throw_errno(ctx, errno, "openPty", ptmx)
		                    : runv_number_object(ctx, numbers, 3);
	}
	JS_FreeCString(ctx, devpts);
	JS_FreeCString(ctx, ptmx);
	return result;
}

static JSValue terminal_make_raw(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	struct termios former;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	memset(&former, 0, sizeof former);
	if (tcgetattr(fd, &former) < 0)
		return runv_throw_errno(ctx, errno, "tcgetattr", NULL);
	struct termios raw = former;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return runv_throw_errno(ctx, errno, "tcsetattr", NULL);
	return runv_new_bytes(ctx, &former, sizeof former);
}

static JSValue terminal_restore(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	struct runv_bytes bytes;
	struct termios settings;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_bytes(ctx, argv[1], "settings", &bytes) < 0)
		return JS_EXCEPTION;
	if (bytes.length != sizeof settings)
		return JS_ThrowRangeError(ctx, "settings: not what makeRaw returned");
	memcpy(&settings, bytes.data, sizeof settings);
	return runv_check(ctx, tcsetattr(fd, TCSANOW, &settings), "tcsetattr", NULL);
}

static JSValue terminal_set_speed(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	static const struct {
		int bits_per_second;
		speed_t speed;
	} speeds[] = {{9600, B9600}, {38400, B38400}, {115200, B115200}};
	int fd, wanted;
	struct termios settings;
	if (runv_fd(ctx, argv[0], &fd) < 0 ||
	    runv_int32(ctx, argv[1], "bitsPerSecond", 0, INT_MAX, &wanted) < 0)
		return JS_EXCEPTION;
	memset(&settings, 0, sizeof settings);
	if (tcgetattr(fd, &settings) < 0)
		return runv_throw_errno(ctx, errno, "tcgetattr", NULL);
	for (int index = 0; index < RUNV_COUNT(speeds); index++) {
		if (speeds[index].bits_per_second != wanted)
			continue;
		cfsetspeed(&settings, speeds[index].speed);
		return runv_check(ctx, tcsetattr(fd, TCSANOW, &settings), "tcsetattr", NULL);
	}
	return runv_throw_errno(ctx, EINVAL, "setLineSpeed", NULL);
}

static JSValue terminal_get_size(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	struct winsize size;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return runv_throw_errno(ctx, errno, "TIOCGWINSZ", NULL);
	const struct runv_number numbers[] = {{"rows", size.ws_row}, {"columns", size.ws_col}};
	return runv_number_object(ctx, numbers, 2);
}

static JSValue terminal_set_size(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd, rows, columns;
	if (runv_fd(ctx, argv[0], &fd) < 0 || runv_int32(ctx, argv[1], "rows", 0, UINT16_MAX, &rows) < 0 ||
	    runv_int32(ctx, argv[2], "columns", 0, UINT16_MAX, &columns) < 0)
		return JS_EXCEPTION;
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	return runv_check(ctx, ioctl(fd, TIOCSWINSZ, &size), "TIOCSWINSZ", NULL);
}

static JSValue terminal_set_controlling(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, ioctl(fd, TIOCSCTTY, 0), "TIOCSCTTY", NULL);
}

static JSValue terminal_is_terminal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int fd;
	if (runv_fd(ctx, argv[0], &fd) < 0)
		return JS_EXCEPTION;
	return JS_NewBool(ctx, isatty(fd));
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("openPty", 2, terminal_open_pty),
        JS_CFUNC_DEF("makeRaw", 1, terminal_make_raw),
        JS_CFUNC_DEF("setLineSpeed", 2, terminal_set_speed),
        JS_CFUNC_DEF("restoreTerminal", 2, terminal_restore),
        JS_CFUNC_DEF("getWindowSize", 1, terminal_get_size),
        JS_CFUNC_DEF("setWindowSize", 3, terminal_set_size),
        JS_CFUNC_DEF("setControllingTerminal", 1, terminal_set_controlling),
        JS_CFUNC_DEF("isTerminal", 1, terminal_is_terminal),
};

const struct runv_family runv_family_terminals = {exports, RUNV_COUNT(exports), NULL};
