/* runCaptured: a program from its start to its end, as TypeScript calls it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "run-captured.h"

enum { PIPES = 4, FAILURE_PIPE = 3, MAX_OUTPUT_BYTES = 1 << 20, MAX_TIMEOUT_MS = INT32_MAX };

/* Signals are the caller's again when this is over. */
struct signals {
	sigset_t mask;
	struct sigaction pipe;
	int child;
};

static int take_signals(struct signals *signals)
{
	sigset_t child;
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	signals->child = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->child < 0)
		return -1;
	sigprocmask(SIG_BLOCK, &child, &signals->mask);
	sigaction(SIGPIPE, &ignore, &signals->pipe);
	return 0;
}

static void give_back_signals(const struct signals *signals)
{
	sigaction(SIGPIPE, &signals->pipe, NULL);
	sigprocmask(SIG_SETMASK, &signals->mask, NULL);
	runv_close_keep_errno(signals->child);
}

static void close_pipes(int pipes[PIPES][2])
{
	for (int index = 0; index < PIPES; index++)
		for (int end = 0; end < 2; end++)
			if (pipes[index][end] >= 0)
				runv_close_keep_errno(pipes[index][end]);
}

static int make_pipes(int pipes[PIPES][2])
{
	memset(pipes, -1, PIPES * sizeof pipes[0]);
	for (int index = 0; index < PIPES; index++)
		if (pipe2(pipes[index], O_CLOEXEC) < 0)
			return -1;
	return 0;
}

/* 0 once it is a program; -1 with errno when it could not become one, and is reaped. */
static int begin(struct runv_captured *run, const struct runv_captured_program *program, int pipes[PIPES][2])
{
	const int ends[] = {pipes[0][0], pipes[1][1], pipes[2][1]};
	run->pid = fork();
	if (run->pid < 0)
		return -1;
	if (run->pid == 0)
		runv_captured_execute(program, ends, pipes[FAILURE_PIPE][1]);
	for (int index = 0; index < PIPES; index++) {
		int childs = index == 0 ? 0 : 1;
		runv_close_keep_errno(pipes[index][childs]);
		pipes[index][childs] = -1;
	}
	int number = 0;
	ssize_t count;
	do
		count = read(pipes[FAILURE_PIPE][0], &number, sizeof number);
	while (count < 0 && errno == EINTR);
	if (count != (ssize_t)sizeof number)
		return 0;
	while (waitpid(run->pid, &run->status, 0) < 0 && errno == EINTR)
		continue;
	errno = number;
	return -1;
}

static int run_to_end(struct runv_captured *run, const struct runv_captured_program *program, int cancel)
{
	struct signals signals;
	int pipes[PIPES][2];
	int result = -1;
	if (make_pipes(pipes) < 0 || take_signals(&signals) < 0) {
		close_pipes(pipes);
		return -1;
	}
	if (begin(run, program, pipes) == 0) {
		for (int index = 0; index < 1 + RUNV_CAPTURED_STREAMS; index++) {
			run->pipes[index] = pipes[index][index == 0 ? 1 : 0];
			pipes[index][index == 0 ? 1 : 0] = -1;
			runv_set_nonblock(run->pipes[index], true);
		}
		runv_captured_wait(run, signals.child, cancel);
		for (int index = 0; index < 1 + RUNV_CAPTURED_STREAMS; index++)
			if (run->pipes[index] >= 0)
				runv_close_keep_errno(run->pipes[index]);
		result = 0;
	}
	int number = errno;
	close_pipes(pipes);
	give_back_signals(&signals);
	errno = number;
	return result;
}

static JSValue outcome(JSContext *ctx, const struct runv_captured *run)
{
	static const char *const names[] = {"stdout", "stderr"};
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	int code = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : 0;
	int killer = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
	if (JS_SetPropertyStr(ctx, object, "exitCode", JS_NewInt32(ctx, code)) < 0 ||
	    JS_SetPropertyStr(ctx, object, "signal", JS_NewInt32(ctx, killer)) < 0 ||
	    JS_SetPropertyStr(ctx, object, "timedOut", JS_NewBool(ctx, run->timed_out)) < 0 ||
	    JS_SetPropertyStr(ctx, object, "cancelled", JS_NewBool(ctx, run->cancelled)) < 0)
		goto failed;
	for (int stream = 0; stream < RUNV_CAPTURED_STREAMS; stream++) {
		JSValue bytes = runv_new_bytes(ctx, run->streams[stream].data, run->streams[stream].length);
		if (JS_IsException(bytes) || JS_SetPropertyStr(ctx, object, names[stream], bytes) < 0)
			goto failed;
	}
	return object;
failed:
	JS_FreeValue(ctx, object);
	return JS_EXCEPTION;
}

static JSValue run_program(JSContext *ctx, struct runv_captured *run,
                           const struct runv_captured_program *program, int cancel)
{
	size_t capacity = run->streams[0].capacity;
	uint8_t *room = js_malloc(ctx, RUNV_CAPTURED_STREAMS * capacity + 1);
	if (!room)
		return JS_EXCEPTION;
	for (size_t stream = 0; stream < RUNV_CAPTURED_STREAMS; stream++)
		run->streams[stream] = (struct runv_captured_stream){room + stream * capacity, 0, capacity};
	JSValue result = run_to_end(run, program, cancel) < 0
	                         ? runv_throw_errno(ctx, errno, "execve", program->path)
	                         : outcome(ctx, run);
	js_free(ctx, room);
	return result;
}

static int read_limits(JSContext *ctx, JSValueConst limits, struct runv_captured *run, int *cancel)
{
	int64_t timeout, most, descriptor;
	if (runv_option_int64(ctx, limits, "timeoutMs", 0, MAX_TIMEOUT_MS, &timeout) < 0 ||
	    runv_option_int64(ctx, limits, "maxOutputBytes", 0, MAX_OUTPUT_BYTES, &most) < 0 ||
	    runv_option_int64(ctx, limits, "cancelFd", -1, INT32_MAX, &descriptor) < 0)
		return -1;
	run->deadline_ms = timeout == 0 ? -1 : runv_captured_now_ms() + timeout;
	run->streams[0].capacity = (size_t)most;
	*cancel = (int)descriptor;
	return 0;
}

static JSValue run_captured(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	struct runv_captured run = {.pid = -1};
	int cancel;
	if (read_limits(ctx, argv[4], &run, &cancel) < 0)
		return JS_EXCEPTION;
	JSValue result = JS_EXCEPTION;
	const char *path = runv_string(ctx, argv[0], "path");
	char **args = path ? runv_string_array(ctx, argv[1], "args") : NULL;
	char **env = args ? runv_string_array(ctx, argv[2], "env") : NULL;
	if (env && runv_bytes_or_string(ctx, argv[3], "input", &run.input) == 0) {
		const struct runv_captured_program program = {path, args, env};
		result = run_program(ctx, &run, &program, cancel);
		runv_bytes_release(ctx, &run.input);
	}
	runv_string_array_free(ctx, env);
	runv_string_array_free(ctx, args);
	JS_FreeCString(ctx, path);
	return result;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("runCaptured", 5, run_captured),
};

const struct runv_family runv_family_run_captured = {exports, RUNV_COUNT(exports), NULL};
