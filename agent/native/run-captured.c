/* A program from its start to its end: what it reads is given, what it writes is kept, and its time is bounded. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"
#include "run-captured.h"

enum {
	CHUNK_BYTES = 65536,
	NS_PER_MS = 1000000,
	MS_PER_SECOND = 1000,
	EXECUTE_FAILED = 127,
	FIRST_OTHER = 3
};

int64_t runv_captured_now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / NS_PER_MS;
}

/* Takes what there is; false at the end of the stream. What is more than there is room for is read and dropped. */
static bool drain(int fd, struct runv_captured_stream *stream)
{
	uint8_t chunk[CHUNK_BYTES];
	for (;;) {
		ssize_t count = read(fd, chunk, sizeof chunk);
		if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (count < 0)
			return true;
		size_t room = stream->capacity - stream->length;
		size_t kept = (size_t)count < room ? (size_t)count : room;
		memcpy(stream->data + stream->length, chunk, kept);
		stream->length += kept;
	}
}

/* False when nothing more can be given: all of it was, or nobody reads it. */
static bool feed(int fd, struct runv_captured *run)
{
	while (run->fed < run->input.length) {
		ssize_t count = write(fd, run->input.data + run->fed, run->input.length - run->fed);
		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		run->fed += (size_t)count;
	}
	return false;
}

static void close_pipe(int *fd)
{
	if (*fd >= 0)
		runv_close_keep_errno(*fd);
	*fd = -1;
}

static void kill_all(struct runv_captured *run)
{
	kill(-run->pid, SIGKILL); /* it leads a session, so this is whatever it has started and not let go */
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &run->status, 0) < 0 && errno == EINTR)
		continue;
}

static int poll_timeout(const struct runv_captured *run)
{
	if (run->deadline_ms < 0)
		return -1;
	int64_t left = run->deadline_ms - runv_captured_now_ms();
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void serve(struct runv_captured *run, const struct pollfd *ready)
{
	if (ready[0].revents && !feed(run->pipes[0], run))
		close_pipe(&run->pipes[0]);
	for (int stream = 0; stream < RUNV_CAPTURED_STREAMS; stream++) {
		if (ready[1 + stream].revents && !drain(run->pipes[1 + stream], &run->streams[stream]))
			close_pipe(&run->pipes[1 + stream]);
	}
}

/* Until it has ended, its time is up, or `cancel` says that nobody wants it any more. */
void runv_captured_wait(struct runv_captured *run, int child_signal, int cancel)
{
	if (run->input.length == 0)
		close_pipe(&run->pipes[0]);
	for (;;) {
		/* A descriptor of -1 is left out. */
		struct pollfd watched[] = {
		        {run->pipes[0], POLLOUT, 0}, {run->pipes[1], POLLIN, 0}, {run->pipes[2], POLLIN, 0},
		        {child_signal, POLLIN, 0},   {cancel, POLLIN, 0},
		};
		int ready = poll(watched, sizeof watched / sizeof watched[0], poll_timeout(run));
		if (ready < 0 && errno != EINTR)
			break;
		if (ready > 0)
			serve(run, watched);
		struct signalfd_siginfo told;
		while (read(child_signal, &told, sizeof told) > 0)
			continue;
		if (waitpid(run->pid, &run->status, WNOHANG) == run->pid) {
			/* Others may hold the pipes for as long as they like: what is in them is all there is. */
			for (int stream = 0; stream < RUNV_CAPTURED_STREAMS; stream++)
				if (run->pipes[1 + stream] >= 0)
					drain(run->pipes[1 + stream], &run->streams[stream]);
			return;
		}
		run->cancelled = ready > 0 && watched[4].revents != 0;
		run->timed_out = !run->cancelled && run->deadline_ms >= 0 && poll_timeout(run) == 0;
		if (run->cancelled || run->timed_out)
			break;
	}
	kill_all(run);
}

/* Never returns. Its standard streams are the given ends; what goes wrong before it is a program goes through `failure`. */
void runv_captured_execute(const struct runv_captured_program *program, const int ends[3], int failure)
{
	sigset_t none;
	sigemptyset(&none);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (int fd = 0; fd < FIRST_OTHER; fd++)
		if (dup2(ends[fd], fd) < 0)
			goto failed;
	execve(program->path, program->args, program->env);
failed:;
	int number = errno;
	while (write(failure, &number, sizeof number) < 0 && errno == EINTR)
		continue;
	_exit(EXECUTE_FAILED);
}
